"""Disconnects and cancellations of MCP clients: the upstream call ends, and nothing leaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import stdio_client
from mcp.client.client import Client

from naftiko_run import Settings, load
from naftiko_run.serve import Addressing, ServeSettings, running
from support.mcp_client import ERAS, run_async
from support.raw_server import raw_server
from support.server import ANY_PORT
from support.stdio import started_by_client
from support.upstream import PATIENCE

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: "http://127.0.0.1:{port}"
    resources: [{{path: /slow, operations: [{{name: slow, method: GET}}]}}]
  exposes:
  - type: mcp
    namespace: m
    tools: [{{name: slow, description: Waits, call: api.slow}}]
  - type: mcp
    namespace: asking
    tools:
    - {{name: slow, description: Waits, call: api.slow}}
    - {{name: ask, description: Asks, x-asks: [{{name: a, model: b}}], x-content: [{{text: c}}]}}
"""
MODERN = "2026-07-28"
META = "io.modelcontextprotocol/"
BOTH = "application/json, text/event-stream"
WAYS: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "direct": (BOTH, {}, {}),
    "json": (BOTH, {"mcp-session-id": "nobody-gave-it"}, {}),
    "json-with-token": ("application/json", {}, {"progressToken": "t"}),
    "stream": (BOTH, {}, {"progressToken": "t"}),
}
"""The three ways of a call: the fast path, the SDK with JSON, and the SDK with an event stream."""


class Holding:
    """An upstream that never responds.

    Attributes:
        arrived: Has an entry for each request.
        ended: Has an entry for each connection that its client has closed.
        port: Where it listens.
    """

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[None] = asyncio.Queue()
        self.ended: asyncio.Queue[None] = asyncio.Queue()
        self.port = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        async with raw_server(self._hold) as self.port:
            yield

    async def _hold(self, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            self.arrived.put_nowait(None)
            assert await reader.read() == b""
        self.ended.put_nowait(None)


@asynccontextmanager
async def documented(tmp_path: Path) -> AsyncIterator[tuple[Path, Holding]]:
    """Yield the document and its upstream."""
    upstream = Holding()
    async with upstream.listening():
        file = tmp_path / "m.yaml"
        file.write_text(DOCUMENT.format(port=upstream.port))
        yield file, upstream


def over(tmp_path: Path, use: Callable[[dict[str, str], Holding], Awaitable[None]]) -> None:
    """Serve the document in this event loop and call a function with the URLs of its adapters by namespace."""

    async def session() -> None:
        async with documented(tmp_path) as (file, upstream):
            settings = ServeSettings(Addressing("", ANY_PORT))
            async with running([load(file, Settings())], settings) as service:
                urls = {each.namespace: site.url_of(each) for site in service.sites for each in site.adapters}
                await use(urls, upstream)

    run_async(session)


def request(way: str, version: str) -> dict[str, Any]:
    """Return a request that calls the tool, as arguments of ``httpx``."""
    accept, headers, meta = WAYS[way]
    headers = {"accept": accept, "mcp-protocol-version": version, **headers}
    if version == MODERN:
        headers |= {"mcp-method": "tools/call", "mcp-name": "slow"}
        meta = {f"{META}protocolVersion": MODERN, f"{META}clientCapabilities": {}, **meta}
    params = {"name": "slow", "arguments": {}, "_meta": meta}
    return {
        "headers": headers,
        "json": {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params},
    }


@pytest.mark.parametrize("version", ERAS.values())
@pytest.mark.parametrize("way", WAYS)
def test_a_disconnect_cancels_the_call_and_leaks_nothing(tmp_path: Path, way: str, version: str) -> None:
    async def leave(url: str, upstream: Holding) -> None:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            asking = [asyncio.create_task(client.post(url, **request(way, version))) for _ in range(10)]
            for _ in asking:
                await upstream.arrived.get()
            for each in asking:
                each.cancel()
            for _ in asking:
                await upstream.ended.get()

    async def use(urls: dict[str, str], upstream: Holding) -> None:
        await leave(urls["m"], upstream)
        before = asyncio.all_tasks()
        for _ in range(4):
            await leave(urls["m"], upstream)
        if left := asyncio.all_tasks() - before:
            await asyncio.wait(left, timeout=PATIENCE)
        assert not asyncio.all_tasks() - before

    over(tmp_path, use)


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("namespace", ["m", "asking"])
@pytest.mark.parametrize("is_told", [False, True])
def test_a_cancellation_by_the_official_client_ends_the_call(
    tmp_path: Path, namespace: str, mode: str, *, is_told: bool
) -> None:
    async def progressed(progress: float, total: float | None, message: str | None) -> None:
        """Ignore the notification."""

    async def cancel(urls: dict[str, str], upstream: Holding) -> None:
        async with Client(urls[namespace], mode=mode) as client:
            callback = progressed if is_told else None
            asking = asyncio.create_task(client.call_tool("slow", {}, progress_callback=callback))
            await upstream.arrived.get()
            asking.cancel()
            if not (namespace == "m" and mode == "legacy"):
                await upstream.ended.get()
                assert (await client.list_tools()).tools
                return
        # Without a session, the notification of versions up to 2025-11-25 has no effect, but the disconnect does.
        await upstream.ended.get()

    over(tmp_path, cancel)


def test_a_disconnect_within_a_session_cancels_the_call_but_not_the_session(tmp_path: Path) -> None:
    info = {"name": "a client", "version": "1"}
    initialize = {
        "jsonrpc": "2.0",
        "id": 0,
        "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info},
    }
    ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}

    async def leave(urls: dict[str, str], upstream: Holding) -> None:
        async with httpx.AsyncClient(timeout=PATIENCE, headers={"accept": BOTH}) as client:
            opened = await client.post(urls["asking"], json=initialize)
            client.headers["mcp-session-id"] = opened.headers["mcp-session-id"]
            call = request("stream", "2025-11-25")
            asking = asyncio.create_task(client.post(urls["asking"], **call))
            await upstream.arrived.get()
            asking.cancel()
            await upstream.ended.get()
            assert (await client.post(urls["asking"], json=ping)).status_code == 200

    over(tmp_path, leave)


@pytest.mark.parametrize("mode", ERAS)
def test_a_cancellation_on_stdio_ends_the_call(tmp_path: Path, mode: str) -> None:
    async def cancel() -> None:
        async with documented(tmp_path) as (file, upstream):
            with started_by_client(file, "--stdio", "--adapter", "m") as parameters:
                async with Client(stdio_client(parameters), mode=mode) as client:
                    asking = asyncio.create_task(client.call_tool("slow", {}))
                    await upstream.arrived.get()
                    asking.cancel()
                    await upstream.ended.get()
                    assert (await client.list_tools()).tools

    run_async(cancel)
