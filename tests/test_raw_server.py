"""The tests' own servers leave no connection behind."""

from __future__ import annotations

import asyncio

import pytest

from support.mcp_client import run_async
from support.raw_server import raw_server
from support.upstream import Upstream


async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - a handler's form
    await asyncio.Event().wait()


@pytest.mark.parametrize("rounds", range(6))
def test_a_connection_that_is_being_accepted_is_closed_at_the_end(rounds: int) -> None:
    async def session() -> None:
        async with raw_server(never) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for _ in range(rounds):
                await asyncio.sleep(0)
        assert await reader.read() == b""
        writer.close()

    run_async(session)


def test_an_upstream_closes_the_connections_that_clients_keep() -> None:
    async def session() -> None:
        async with Upstream().listening() as upstream:
            reader, writer = await asyncio.open_connection(*upstream.url.removeprefix("http://").split(":"))
            writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            assert (await reader.readuntil(b"}")).endswith(b'{"ok": true}')
        assert await reader.read() == b""
        writer.close()

    run_async(session)
