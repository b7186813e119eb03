"""The official MCP client, for tests that are plain functions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import mcp_types as types
import pytest
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError

from support.upstream import PATIENCE

ERAS = {"auto": "2026-07-28", "legacy": "2025-11-25"}
"""The client's modes, and the protocol version that each comes to speak with a server of ours."""

T = TypeVar("T")


def run_async(use: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine function to its end, within the time limit."""

    async def limited() -> T:
        return await asyncio.wait_for(use(), PATIENCE * 2)

    return asyncio.run(limited())


def with_client(url: str, mode: str, use: Callable[[Client], Awaitable[T]]) -> T:
    """Connect, use the client, and disconnect."""

    async def session() -> T:
        async with Client(url, mode=mode) as client:
            return await use(client)

    return run_async(session)


def list_tools(url: str, mode: str = "auto") -> list[types.Tool]:
    """Give the tools of a server."""

    async def use(client: Client) -> list[types.Tool]:
        return (await client.list_tools()).tools

    return with_client(url, mode, use)


def call_tool(
    url: str, name: str, arguments: dict[str, Any] | None = None, mode: str = "auto"
) -> types.CallToolResult:
    """Call a tool once."""

    async def use(client: Client) -> types.CallToolResult:
        return await client.call_tool(name, arguments)

    return with_client(url, mode, use)


def error_of_call(url: str, name: str, arguments: dict[str, Any], mode: str = "auto") -> types.ErrorData:
    """Call a tool once, and give the protocol error with which that fails."""

    async def use(client: Client) -> types.ErrorData:
        with pytest.raises(MCPError) as failed:
            await client.call_tool(name, arguments)
        return failed.value.error

    return with_client(url, mode, use)


def text_of(result: types.CallToolResult) -> str:
    """Give the text of a result that is one text."""
    (content,) = result.content
    assert isinstance(content, types.TextContent)
    return content.text
