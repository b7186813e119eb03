"""Both transports, on both event loops, and upstreams that say what a script says, byte for byte."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
import uvloop

from naftiko_run.consume import HttpTransport, OutgoingRequest, StreamedResponse, Transport, UpstreamResponse
from naftiko_run.http.client.httpx_transport import HttpxTransport
from support.raw_server import Speak, raw_server
from support.upstream import PATIENCE

T = TypeVar("T")


@dataclass(frozen=True)
class Kind:
    """A transport and the event loop that it runs in."""

    make: Callable[[float], Transport]
    loop: Callable[[], asyncio.AbstractEventLoop]

    def run(self, use: Callable[[Transport], Coroutine[Any, Any, T]], timeout: float = PATIENCE) -> T:
        """Use a transport, and close it."""

        async def session() -> T:
            transport = self.make(timeout)
            try:
                return await asyncio.wait_for(use(transport), PATIENCE * 2)
            finally:
                await transport.aclose()

        with asyncio.Runner(loop_factory=self.loop) as runner:
            return runner.run(session())


KINDS = {
    "own": Kind(HttpTransport, asyncio.new_event_loop),
    "own-uvloop": Kind(HttpTransport, uvloop.new_event_loop),
    "httpx": Kind(HttpxTransport, asyncio.new_event_loop),
}
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
own_kinds = pytest.mark.parametrize("kind", [KINDS["own"], KINDS["own-uvloop"]], ids=["own", "own-uvloop"])


@asynccontextmanager
async def speaking(speak: Speak, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Run an upstream that speaks so on each connection; give its URL, with a path."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await speak(reader, writer)
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        finally:
            writer.transport.abort()

    async with raw_server(serve, tls) as port:
        yield f"http{'s' if tls else ''}://127.0.0.1:{port}/x"


async def head_of(reader: asyncio.StreamReader) -> bytes:
    """Read a request's line and headers."""
    return await reader.readuntil(b"\r\n\r\n")


def saying(answer: bytes) -> Speak:
    """Answer one request so, and close the connection."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(answer)

    return speak


def asking(url: str, method: str = "GET", **more: Any) -> OutgoingRequest:
    """Write a request."""
    return OutgoingRequest("a.b", method, url, tuple(more.pop("headers", ())), **more)


async def whole(response: UpstreamResponse) -> bytes:
    """Give the whole body of a response, and give its connection back."""
    try:
        if isinstance(response, StreamedResponse):
            return b"".join([chunk async for chunk in response.chunks])
        return response.body
    finally:
        await response.aclose()


def answered(
    kind: Kind, answer: bytes, method: str = "GET", timeout: float = PATIENCE, **more: Any
) -> tuple[UpstreamResponse, bytes]:
    """Send one request to an upstream that says so; give the response and its whole body."""

    async def use(transport: Transport) -> tuple[UpstreamResponse, bytes]:
        async with speaking(saying(answer)) as url:
            response = await transport.send(asking(url, method, **more))
            return response, await whole(response)

    return kind.run(use, timeout)


async def streamed(transport: Transport, request: OutgoingRequest) -> StreamedResponse:
    """Return a response as soon as its headers are there."""
    response = await transport.send(request.copy(stream=True))
    assert isinstance(response, StreamedResponse)
    return response
