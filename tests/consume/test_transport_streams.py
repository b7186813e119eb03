"""Bodies that stream: no more of them is taken than is read."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest

from consume.transports import Kind, asking, each_kind, head_of, own_kinds, speaking, streamed, whole
from naftiko_run.consume import StreamedResponse, Transport
from naftiko_run.errors import UpstreamUnreachable
from naftiko_run.http.client.connection import MAX_BUFFERED

PIECE = bytes(64 * 1024)
PIECES = 320
MOST_IN_SYSTEM = 12_000_000
"""What the system's own buffers may hold on both sides, at the very most."""


class Flood:
    """An upstream that sends 20 MB, as fast as they are taken."""

    def __init__(self) -> None:
        self.sent = 0
        self.stalled = asyncio.Event()

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.transport.set_write_buffer_limits(0)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (len(PIECE) * PIECES))
        for _ in range(PIECES):
            writer.write(PIECE)
            taken = asyncio.ensure_future(writer.drain())
            done, _ = await asyncio.wait({taken}, timeout=0.3)
            if not done:
                self.stalled.set()
            await taken
            self.sent += len(PIECE)


@each_kind
@pytest.mark.parametrize("stream_threshold", [None, 1000])
def test_who_reads_slowly_holds_the_upstream_up_and_no_memory(
    kind: Kind, stream_threshold: int | None
) -> None:
    async def use(transport: Transport) -> None:
        flood = Flood()
        async with speaking(flood.speak) as url:
            if stream_threshold is None:
                response = await streamed(transport, asking(url))
            else:
                kept = await transport.send(asking(url, stream_threshold=stream_threshold))
                assert isinstance(kept, StreamedResponse)
                response = kept
            await flood.stalled.wait()
            assert flood.sent < MOST_IN_SYSTEM
            assert len(await whole(response)) == len(PIECE) * PIECES

    kind.run(use)


@own_kinds
def test_no_piece_of_a_stream_is_much_larger_than_the_buffer(kind: Kind) -> None:
    packed = gzip.compress(bytes(30_000_000))

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed))
        writer.write(packed)

    async def use(transport: Transport) -> None:
        async with speaking(speak) as url:
            response = await transport.send(asking(url, stream_threshold=0))
            assert isinstance(response, StreamedResponse)
            sizes = [len(chunk) async for chunk in response.chunks]
            await response.aclose()
            assert sum(sizes) == 30_000_000
            assert max(sizes) <= MAX_BUFFERED

    kind.run(use)


@each_kind
def test_a_stream_comes_as_it_was_encoded(kind: Kind) -> None:
    packed = gzip.compress(b"text")

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed))
        writer.write(packed)

    async def use(transport: Transport) -> bytes:
        async with speaking(speak) as url:
            return await whole(await streamed(transport, asking(url)))

    assert kind.run(use) == packed


@each_kind
def test_a_stream_gives_what_has_come_before_it_breaks_off(kind: Kind) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nstart")

    async def use(transport: Transport) -> None:
        async with speaking(speak) as url:
            response = await streamed(transport, asking(url))
            chunks = aiter(response.chunks)
            assert await anext(chunks) == b"start"
            with pytest.raises(UpstreamUnreachable, match="it closed the connection"):
                await anext(chunks)
            await response.aclose()

    kind.run(use)


@each_kind
def test_both_sides_may_stream_at_once(kind: Kind) -> None:
    size = 5_000_000
    piece = bytes(50_000)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(size // len(piece)):
            yield piece

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        while size_line := int(await reader.readline(), 16):
            writer.write((await reader.readexactly(size_line + 2))[:-2])

    async def use(transport: Transport) -> int:
        async with speaking(speak) as url:
            response = await streamed(transport, asking(url, "POST", chunks=chunks()))
            return len(await whole(response))

    assert kind.run(use) == size
