"""Connections that are kept: an upstream may close one just as it is used again."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from naftiko_run.consume import HttpxTransport, OutgoingRequest
from naftiko_run.errors import UpstreamUnreachable
from support.mcp_client import run_async

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def twice(method: str) -> int:
    """Send two requests to an upstream that answers one on each connection; give the last status."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        with suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def session() -> int:
        server = await asyncio.start_server(speak, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        transport = HttpxTransport()
        async with server:
            try:
                for _ in range(2):
                    response = await transport.send(OutgoingRequest("a.b", method, url, []))
            finally:
                await transport.aclose()
        return response.status

    return run_async(session)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_may_be_sent_twice_is_sent_again(method: str) -> None:
    assert twice(method) == 200


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_may_not_be_sent_twice_fails(method: str) -> None:
    with pytest.raises(UpstreamUnreachable, match="it broke the connection off"):
        twice(method)
