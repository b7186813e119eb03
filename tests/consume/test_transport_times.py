"""Time limits: each wait has one, and who makes progress is given more."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from consume.transports import KINDS, Kind, asking, each_kind, head_of, own_kinds, speaking, streamed, whole
from naftiko_run.consume import Transport
from naftiko_run.errors import UpstreamTimeout, UpstreamUnreachable
from support.upstream import PATIENCE

LIMIT = 0.3
TOLD = r"^a\.b: 127\.0\.0\.1:\d+ did not (respond|accept a connection) within 0\.3 s$"
"""On a machine that is busy, to connect to this very machine may take as long."""
SILENCE = r"^a\.b: 127\.0\.0\.1:\d+ neither sent nor received data for 0\.3 s$"
NO_CONNECTION = r"^a\.b: 127\.0\.0\.1:\d+ did not accept a connection within 0\.3 s$"
LARGE = bytes(20_000_000)


async def pause(seconds: float) -> None:
    """Let time pass, which is the subject here."""
    await asyncio.wait({asyncio.get_running_loop().create_future()}, timeout=seconds)


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def deaf(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport that reads as well
    await asyncio.Event().wait()


async def stalling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await head_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nstart")
    await reader.read()


async def dawdling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await head_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n")
    for _ in range(8):
        await pause(LIMIT / 5)
        writer.write(b"x")


async def dawdling_head(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nx-long: ")
    while True:
        await pause(LIMIT / 4)
        writer.write(b"x")


@each_kind
@pytest.mark.parametrize("stream", [False, True])
def test_an_upstream_that_says_nothing(kind: Kind, *, stream: bool) -> None:
    async def use(transport: Transport) -> None:
        async with speaking(silent) as url:
            await transport.send(asking(url, stream=stream))

    with pytest.raises(UpstreamTimeout, match=TOLD):
        kind.run(use, LIMIT)


@each_kind
@pytest.mark.parametrize("stream", [False, True])
def test_an_upstream_that_stops_halfway(kind: Kind, *, stream: bool) -> None:
    async def use(transport: Transport) -> None:
        async with speaking(stalling) as url:
            response = await transport.send(asking(url, stream=stream))
            await whole(response)

    with pytest.raises(UpstreamTimeout, match=SILENCE if stream else TOLD):
        kind.run(use, LIMIT)


@each_kind
@pytest.mark.parametrize("streams", ["stream", "long"])
def test_a_stream_may_take_its_time_as_long_as_it_goes_on(kind: Kind, streams: str) -> None:
    async def use(transport: Transport) -> bytes:
        async with speaking(dawdling) as url:
            request = asking(url, stream_threshold=7, stream=streams == "stream")
            return await whole(await transport.send(request))

    assert kind.run(use, LIMIT) == b"x" * 8


@each_kind
def test_a_whole_answer_that_drips_is_not_waited_for(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with speaking(dawdling) as url:
            await transport.send(asking(url, stream_threshold=8))

    with pytest.raises(UpstreamTimeout, match=TOLD) as failed:
        kind.run(use, LIMIT)
    assert "--timeout" in failed.value.hint
    assert "x-timeout" in failed.value.hint


@each_kind
@pytest.mark.parametrize("stream", [False, True])
def test_headers_that_drip_are_not_waited_for(kind: Kind, *, stream: bool) -> None:
    async def use(transport: Transport) -> None:
        async with speaking(dawdling_head) as url:
            await transport.send(asking(url, stream=stream))

    with pytest.raises(UpstreamTimeout, match=TOLD):
        kind.run(use, LIMIT)


@each_kind
def test_headers_that_drip_after_a_body_that_streamed_are_not_waited_for(kind: Kind) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"all"

    async def use(transport: Transport) -> None:
        async with speaking(dawdling_head) as url:
            await streamed(transport, asking(url, "POST", chunks=chunks()))

    with pytest.raises(UpstreamTimeout, match=TOLD):
        kind.run(use, LIMIT)


@each_kind
def test_a_body_that_is_taken_drop_by_drop_is_not_waited_for(kind: Kind) -> None:
    async def sipping(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            await pause(LIMIT / 8)

    async def use(transport: Transport) -> None:
        async with speaking(sipping) as url:
            await transport.send(asking(url, "POST", body=LARGE))

    with pytest.raises(UpstreamTimeout, match=TOLD):
        kind.run(use, LIMIT)


@each_kind
@pytest.mark.parametrize("limit", ["timeout", "deadline"])
def test_a_request_has_a_limit_of_its_own(kind: Kind, limit: str) -> None:
    async def use(transport: Transport) -> None:
        async with speaking(dawdling) as url:
            deadline = asyncio.get_running_loop().time() + LIMIT / 2 if limit == "deadline" else 0.0
            await transport.send(asking(url, timeout=LIMIT, deadline=deadline))

    with pytest.raises(UpstreamTimeout, match=TOLD):
        kind.run(use)


@own_kinds
def test_a_kept_connection_holds_the_limit_of_each_request(kind: Kind) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await reader.read()

    async def use(transport: Transport) -> None:
        async with speaking(speak) as url:
            await transport.send(asking(url))
            await transport.send(asking(url, timeout=LIMIT))

    with pytest.raises(UpstreamTimeout, match=TOLD):
        kind.run(use)


@each_kind
def test_a_second_attempt_does_not_get_more_time(kind: Kind) -> None:
    requests = 0

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        while True:
            await head_of(reader)
            requests += 1
            if requests == 1:
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                continue
            await pause(LIMIT / 2)
            if requests == 2:
                return

    async def use(transport: Transport) -> float:
        async with speaking(speak) as url:
            await transport.send(asking(url))
            request = asking(url)
            began = asyncio.get_running_loop().time()
            with pytest.raises(UpstreamTimeout, match=TOLD):
                await transport.send(request)
            assert requests == 3
            return request.deadline - began if request.deadline else LIMIT

    assert kind.run(use, LIMIT) <= LIMIT + 0.1


@each_kind
def test_an_upstream_that_takes_no_body(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with speaking(deaf) as url:
            await transport.send(asking(url, "POST", body=LARGE))

    with pytest.raises(UpstreamTimeout, match=TOLD):
        kind.run(use, LIMIT)


@each_kind
def test_a_second_request_over_a_kept_connection_has_its_own_limit(kind: Kind) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await reader.read()

    async def use(transport: Transport) -> None:
        async with speaking(speak) as url:
            await transport.send(asking(url))
            await transport.send(asking(url))

    with pytest.raises(UpstreamTimeout, match=TOLD):
        kind.run(use, LIMIT)


@own_kinds
def test_a_body_that_is_slow_to_come_is_not_the_upstreams_fault(kind: Kind) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        await pause(LIMIT * 2)
        yield b"two"

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"0\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    async def use(transport: Transport) -> bytes:
        async with speaking(speak) as url:
            return await whole(await transport.send(asking(url, "POST", chunks=chunks())))

    assert kind.run(use, LIMIT) == b"ok"


@each_kind
def test_a_reader_that_is_slow_is_not_the_upstreams_fault(kind: Kind) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(LARGE))
        writer.write(LARGE)

    async def use(transport: Transport) -> int:
        async with speaking(speak) as url:
            response = await streamed(transport, asking(url))
            await pause(LIMIT * 2)
            return len(await whole(response))

    assert kind.run(use, LIMIT) == len(LARGE)


@each_kind
def test_an_upstream_that_takes_no_connection(kind: Kind) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = []
        try:
            for _ in range(4):  # until nothing more is taken
                each = socket.socket()
                each.setblocking(False)  # noqa: FBT003  # the one argument that it has
                each.connect_ex(full.getsockname())
                waiting.append(each)
            url = f"http://127.0.0.1:{full.getsockname()[1]}/"
            with pytest.raises(UpstreamTimeout, match=TOLD if kind is KINDS["httpx"] else NO_CONNECTION):
                kind.run(lambda transport: transport.send(asking(url)), LIMIT)
        finally:
            for each in waiting:
                each.close()


@each_kind
def test_an_upstream_that_never_ends_its_tls_handshake(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with speaking(silent) as url:
            await transport.send(asking(url.replace("http:", "https:")))

    with pytest.raises(UpstreamTimeout, match=TOLD if kind is KINDS["httpx"] else NO_CONNECTION):
        kind.run(use, LIMIT)


@each_kind
def test_a_call_that_is_cancelled_during_its_tls_handshake_closes_its_connection(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        begun, closed = asyncio.Event(), asyncio.Event()

        async def waiting(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            await reader.readexactly(1)
            begun.set()
            await reader.read()
            closed.set()

        async with speaking(waiting) as url:
            call = asyncio.ensure_future(transport.send(asking(url.replace("http:", "https:"))))
            await begun.wait()
            call.cancel()
            await asyncio.wait_for(closed.wait(), PATIENCE)

    kind.run(use)


@each_kind
@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("127.0.0.1", "cannot connect"),
        ("[::1]", "cannot connect"),
        ("no-such-host.invalid", r"cannot connect \(.*\w.*\)"),
    ],
)
def test_an_upstream_that_is_not_there(kind: Kind, host: str, reason: str) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"http://{host}:{reserved.getsockname()[1]}/"

        async def use(transport: Transport) -> None:
            await transport.send(asking(url))

        with pytest.raises(UpstreamUnreachable, match=rf"no response from .*: {reason}$"):
            kind.run(use)


@each_kind
def test_a_name_of_several_addresses_is_reached_where_one_answers(kind: Kind) -> None:
    async def use(transport: Transport) -> bytes:
        async with speaking(once) as url:
            return await whole(await transport.send(asking(url.replace("127.0.0.1", "localhost"))))

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    assert kind.run(use) == b"ok"
