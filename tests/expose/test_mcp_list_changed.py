"""MCP clients learn that the tools have changed, in the session or subscription that they have."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx
import mcp_types as types
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from naftiko_run import Settings, load
from naftiko_run.serve import Addressing, ServeSettings, Service, running
from naftiko_run.serve.generation import Generation
from support.commands import SCRIPTS
from support.mcp_client import run_async
from support.upstream import PATIENCE
from support.versions import ASKING, TOOLS, write_version

SETTINGS = ServeSettings(Addressing("", {"rest": 0}), is_reloadable=True, drain=5)


class Running:
    """A service of which another version can be served.

    Attributes:
        url: The URL of its MCP adapter.
    """

    def __init__(self, service: Service, file: Path, adapters: str) -> None:
        self._service = service
        self._file = file
        self._adapters = adapters
        self.url = next(
            site.url_of(each) for site in service.sites for each in site.adapters if each.type == "mcp"
        )

    async def swap(self, version: int, adapters: str = "") -> None:
        """Serve another version, with other adapters if any are given."""
        write_version(self._file, version, adapters or self._adapters)
        await self._service.swap(Generation([load(self._file, Settings())], SETTINGS))


@asynccontextmanager
async def served(folder: Path, adapters: str) -> AsyncIterator[Running]:
    file = write_version(folder / "versions.yaml", 0, adapters)
    async with running([load(file, Settings())], SETTINGS) as service:
        yield Running(service, file, adapters)


async def tools(client: Client) -> set[str]:
    return {each.name for each in (await client.list_tools()).tools if each.name != "ask"}


def test_a_session_lives_on_and_is_notified(tmp_path: Path) -> None:
    async def session() -> None:
        notified = asyncio.Event()

        async def on_message(message: object) -> None:
            if isinstance(message, types.ToolListChangedNotification):
                notified.set()

        async with (
            served(tmp_path, TOOLS + ASKING) as service,
            Client(service.url, mode="legacy", message_handler=on_message) as client,
        ):
            capabilities = client.server_capabilities.tools
            assert capabilities
            assert capabilities.list_changed
            assert await tools(client) == {"version-0"}
            for version in (1, 2, 3):
                notified.clear()
                await service.swap(version)
                await asyncio.wait_for(notified.wait(), PATIENCE)
                assert await tools(client) == {f"version-{version}"}
                result = await client.call_tool(f"version-{version}", {})
                assert result.structured_content == {"first": str(version)}

    run_async(session)


def test_a_subscription_lives_on_and_is_notified(tmp_path: Path) -> None:
    """A client of 2026-07-28 listens with a request of its own."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "a client", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    listen = {
        "jsonrpc": "2.0",
        "id": 7,
        "method": "subscriptions/listen",
        "params": {"notifications": {"toolsListChanged": True}, "_meta": meta},
    }
    headers = {
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "subscriptions/listen",
    }

    async def session() -> None:
        async with (
            served(tmp_path, TOOLS) as service,
            httpx.AsyncClient(timeout=PATIENCE) as client,
            client.stream("POST", service.url, json=listen, headers=headers) as stream,
        ):
            assert stream.status_code == 200
            events = (
                json.loads(line.removeprefix("data:"))
                async for line in stream.aiter_lines()
                if line.startswith("data:")
            )
            assert (await anext(events))["method"] == "notifications/subscriptions/acknowledged"
            for version in (1, 2):
                await service.swap(version)
                assert (await anext(events))["method"] == "notifications/tools/list_changed"

    run_async(session)


def test_a_client_without_a_session_sees_the_new_tools(tmp_path: Path) -> None:
    async def session(mode: str) -> None:
        async with served(tmp_path, TOOLS) as service, Client(service.url, mode=mode) as client:
            assert await tools(client) == {"version-0"}
            await service.swap(1)
            assert await tools(client) == {"version-1"}

    run_async(partial(session, "legacy"))
    run_async(partial(session, "auto"))


def test_sessions_end_with_their_adapter(tmp_path: Path) -> None:
    async def session() -> None:
        async with (
            served(tmp_path, TOOLS + ASKING) as service,
            Client(service.url, mode="legacy") as client,
        ):
            assert await tools(client) == {"version-0"}
            await service.swap(1, TOOLS)
            assert await tools(client) == {"version-1"}

    run_async(session)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")
def test_a_client_on_stdio_is_notified(tmp_path: Path) -> None:
    file = write_version(tmp_path / "versions.yaml", 0, TOOLS)
    pid_file = tmp_path / "pid"
    command = f"echo $$ > {pid_file}; exec {SCRIPTS / 'naftiko-run'} {file} --stdio --adapter tools"
    server = StdioServerParameters(command="/bin/sh", args=["-c", command])

    async def session() -> None:
        notified = asyncio.Event()

        async def on_message(message: object) -> None:
            if isinstance(message, types.ToolListChangedNotification):
                notified.set()

        async with Client(stdio_client(server), mode="legacy", message_handler=on_message) as client:
            assert await tools(client) == {"version-0"}
            for version in (1, 2):
                notified.clear()
                write_version(file, version, TOOLS)
                os.kill(int(pid_file.read_text()), signal.SIGHUP)
                await asyncio.wait_for(notified.wait(), PATIENCE)
                assert await tools(client) == {f"version-{version}"}

    run_async(session)
