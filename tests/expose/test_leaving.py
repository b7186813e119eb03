"""Clients that go away: what was done for them ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from support.mcp_client import run_async
from support.server import serving
from support.upstream import PATIENCE

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: "http://127.0.0.1:{port}"
    resources:
    - {{path: /slow, operations: [{{name: slow, method: GET}}]}}
    - {{path: /next, operations: [{{name: next, method: GET}}]}}
  exposes:
  - type: rest
    namespace: r
    resources:
    - path: /flow
      operations:
      - method: GET
        steps:
        - {{type: call, name: first, call: api.slow}}
        - {{type: call, name: then, call: api.next, with: {{x: $.first.x}}}}
        mappings: [{{targetName: x, value: $.then.x}}]
    - {{path: "/all/{{path}}", forward: {{targetNamespace: api}}}}
"""


@pytest.mark.parametrize("path", ["/flow", "/all/slow"])
def test_the_call_to_the_upstream_ends_and_no_other_follows(tmp_path: Path, path: str) -> None:
    asked: list[bytes] = []
    arrived, ended = asyncio.Event(), asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n"))
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        assert await reader.read() == b""
        ended.set()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def leave(client: httpx.AsyncClient) -> None:
        asking = asyncio.create_task(client.get(path))
        await arrived.wait()
        asking.cancel()
        await ended.wait()

    over(tmp_path, speak, leave)
    assert [line.split()[1] for line in asked] == [b"/slow"]


def over(
    tmp_path: Path,
    speak: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    use: Callable[[httpx.AsyncClient], Awaitable[None]],
) -> None:
    """Serve the document over an upstream that speaks raw HTTP, and use it."""

    async def session() -> None:
        server = await asyncio.start_server(speak, "127.0.0.1", 0)
        file = tmp_path / "flow.yaml"
        file.write_text(DOCUMENT.format(port=server.sockets[0].getsockname()[1]))
        async with server:
            with serving(file, settings=Settings()) as served:
                async with httpx.AsyncClient(base_url=served.origin("rest"), timeout=PATIENCE) as client:
                    await use(client)

    run_async(session)
