"""Connections that are kept: used again, and not where that would be wrong."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from consume.transports import Kind, asking, each_kind, head_of, own_kinds, speaking, streamed, whole
from naftiko_run.consume import HttpTransport, StreamedResponse, Transport, UpstreamResponse
from naftiko_run.errors import UpstreamUnreachable
from naftiko_run.http.client.limiter import Limits
from support.upstream import PATIENCE

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def twice(kind: Kind, method: str) -> int:
    """Send two requests to an upstream that answers one on each connection; give the last status."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(ANSWER)
        with suppress(asyncio.IncompleteReadError):
            await head_of(reader)

    async def use(transport: Transport) -> int:
        async with speaking(speak) as url:
            for _ in range(2):
                response = await transport.send(asking(url, method))
        return response.status

    return kind.run(use)


@each_kind
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_may_be_sent_twice_is_sent_again(kind: Kind, method: str) -> None:
    assert twice(kind, method) == 200


@each_kind
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_may_not_be_sent_twice_fails(kind: Kind, method: str) -> None:
    with pytest.raises(UpstreamUnreachable, match="it closed the connection"):
        twice(kind, method)


def connections_of(kind: Kind, answer: bytes, method: str = "GET", *, stream: bool = False) -> int:
    """Send three requests, one after the other, each answered so; say how many connections that took."""
    connections = 0

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await head_of(reader)
            writer.write(answer)

    async def use(transport: Transport) -> None:
        async with speaking(speak) as url:
            for _ in range(3):
                response = await transport.send(asking(url, method, stream=stream))
                assert response.status == 200
                await whole(response)

    kind.run(use)
    return connections


@each_kind
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "answer",
    [
        ANSWER,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n",
        b"HTTP/1.1 103 Early\r\n\r\n" + ANSWER,
        b"HTTP/1.1 200 OK\r\nkeep-alive: timeout=60\r\ncontent-length: 300000\r\n\r\n" + b"x" * 300_000,
    ],
    ids=["length", "chunks", "interim", "long"],
)
def test_a_connection_is_used_again(kind: Kind, answer: bytes, *, stream: bool) -> None:
    assert connections_of(kind, answer, stream=stream) == 1


@each_kind
def test_a_connection_is_used_again_after_an_answer_without_a_body(kind: Kind) -> None:
    assert connections_of(kind, b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n", "HEAD") == 1


@own_kinds
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        ANSWER + b"more",
        ANSWER + ANSWER,
        ANSWER + b"HTTP/1.1 2",
    ],
    ids=["close", "1.0", "kept too briefly", "ambiguous", "more", "twice", "half"],
)
def test_a_connection_that_cannot_be_trusted_is_not_used_again(
    kind: Kind, answer: bytes, *, stream: bool
) -> None:
    assert connections_of(kind, answer, stream=stream) == 3


@own_kinds
def test_bytes_behind_the_answer_to_head_are_no_answer(kind: Kind) -> None:
    assert connections_of(kind, ANSWER, "HEAD") == 3


@own_kinds
@pytest.mark.parametrize("farewell", [b"", b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_that_ends_while_it_is_idle_is_not_used_again(
    kind: Kind, farewell: bytes, method: str
) -> None:
    connections: list[asyncio.StreamReader] = []
    leave, left = asyncio.Event(), asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(ANSWER)
        connections.append(reader)
        if len(connections) == 1:
            await leave.wait()
            writer.write(farewell)
            writer.write_eof()
            await reader.read()  # until the other side has closed it too
            left.set()

    async def use(transport: Transport) -> None:
        async with speaking(speak) as url:
            await transport.send(asking(url, method))
            leave.set()
            await left.wait()
            assert (await transport.send(asking(url, method))).status == 200

    kind.run(use)


@each_kind
def test_a_stream_that_is_not_read_to_its_end_gives_its_connection_up(kind: Kind) -> None:
    closed = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab")
        assert await reader.read() == b""
        closed.set()

    async def use(transport: Transport) -> None:
        async with speaking(speak) as url:
            response = await streamed(transport, asking(url))
            assert await anext(aiter(response.chunks)) == b"ab"
            await response.aclose()
            await closed.wait()

    kind.run(use)


@each_kind
def test_a_stream_that_was_closed_gives_nothing_of_the_next_answer(kind: Kind) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for body in (b"first", b"other"):
            await head_of(reader)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n" + body)

    async def use(transport: Transport) -> None:
        async with speaking(speak) as url:
            first = await streamed(transport, asking(url))
            chunks = aiter(first.chunks)
            assert await anext(chunks) == b"first"
            assert await anext(chunks, None) is None
            await first.aclose()
            second = await streamed(transport, asking(url))
            assert isinstance(second, StreamedResponse)
            await first.aclose()
            assert await anext(chunks, None) is None
            assert await whole(second) == b"other"

    kind.run(use)


@contextmanager
def closing_unseen(
    answers: int, heard: list[bytes]
) -> Iterator[tuple[str, threading.Event, threading.Event]]:
    """Run an upstream in a thread: it answers once on each connection, and closes the first when it is told to.

    Args:
        answers: How many connections it takes.
        heard: Takes the requests.

    Yields:
        Its URL, what tells it to close, and what says that the client's kernel has got the end.
    """
    close, closed = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(PATIENCE)

        def serve() -> None:
            for number in range(answers):
                with suppress(TimeoutError):
                    connection, _ = listening.accept()
                    with connection:
                        request = b""
                        while not request.endswith((b"first", b"once", b"\r\n0\r\n\r\n")):
                            request += connection.recv(65536)
                        heard.append(request)
                        connection.sendall(ANSWER)
                        if number == 0:
                            close.wait(PATIENCE)
                            connection.shutdown(socket.SHUT_RDWR)
                    closed.set()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/x", close, closed
        finally:
            close.set()
            thread.join(PATIENCE)


@each_kind
@pytest.mark.parametrize("body", ["whole", "stream"])
def test_a_connection_that_has_ended_unseen_takes_no_request_that_cannot_be_repeated(
    kind: Kind, body: str
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"once"

    heard: list[bytes] = []
    with closing_unseen(2, heard) as (url, close, closed):

        async def use(transport: Transport) -> int:
            await transport.send(asking(url, "POST", body=b"first"))
            close.set()
            assert closed.wait(PATIENCE)  # and the event loop sees nothing of it: it waits here
            more = {"body": b"once"} if body == "whole" else {"chunks": chunks()}
            return (await transport.send(asking(url, "POST", **more))).status

        assert kind.run(use) == 200
    assert len(heard) == 2


@own_kinds
def test_who_waited_gets_no_connection_that_has_ended_unseen(kind: Kind) -> None:
    heard: list[bytes] = []
    one = replace(kind, make=lambda timeout: HttpTransport(timeout, Limits(to_one=1)))
    with closing_unseen(2, heard) as (url, close, closed):

        async def use(transport: Transport) -> UpstreamResponse:
            async def ahead() -> None:
                await transport.send(asking(url, "POST", body=b"first"))
                close.set()  # the connection is already the other's
                assert closed.wait(PATIENCE)

            first = asyncio.create_task(ahead())
            await asyncio.sleep(0)
            response = await transport.send(asking(url, "POST", body=b"once"))
            await first
            return response

        assert one.run(use).status == 200
    assert len(heard) == 2
