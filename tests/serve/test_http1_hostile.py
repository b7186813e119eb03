"""Clients without manners and apps with haste: what goes over one connection is never mixed up, nor held for ever."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from naftiko_run.expose.disconnect import DISCONNECT
from naftiko_run.expose.exposer import ASGIApp, Receive, Scope, Send
from naftiko_run.http.server import ClientConnection
from serve.talking import Talk, answer, at_once, echo, talking, until
from support.upstream import PATIENCE

pytestmark = pytest.mark.anyio

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
ASKING = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
LONG = 120
"""More seconds than any limit."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def after(event: asyncio.Event, app: ASGIApp) -> ASGIApp:
    """Wait for something before answering."""

    async def waiting(scope: Scope, receive: Receive, send: Send) -> None:
        await event.wait()
        await app(scope, receive, send)

    return waiting


# Clients that ask before they send


async def test_a_client_that_asked_hears_nothing_more_in_the_middle_of_an_answer() -> None:
    async def early(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's form
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"on", "more_body": True})
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b"ce"})
        assert (await waiting)["type"] == "http.disconnect"

    async with talking(early) as talk:
        talk.say(ASKING)
        assert await talk.answer() == b"once"
        assert await talk.all() == b""


async def test_what_an_unread_body_is_followed_by_is_no_request_where_the_client_asked_first() -> None:
    async with talking(at_once) as talk:
        talk.say(ASKING)  # it may now send the body or the next request: nobody knows which
        received = await talk.all()
        assert b"\r\nconnection: close\r\n" in received
        assert received.endswith(b"done")


async def test_an_old_client_is_not_told_to_go_on() -> None:
    async with talking(echo) as talk:
        talk.say(ASKING.replace(b"HTTP/1.1", b"HTTP/1.0"))
        talk.say(b"{}")
        assert (await talk.all()).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_client_that_asked_has_time_to_send_however_long_it_was_kept_waiting() -> None:
    go = asyncio.Event()
    async with talking(after(go, echo)) as talk:
        talk.say(ASKING)
        await until(lambda: bool(talk.state.tasks))
        talk.pass_seconds(LONG)
        go.set()
        async with asyncio.timeout(PATIENCE):
            await talk.reader.readuntil(b"100 Continue\r\n\r\n")
        talk.pass_seconds(10)
        talk.say(b"{}")
        assert await talk.answer() == b"{}"


# What is no HTTP


async def test_a_request_that_is_answered_gets_no_second_answer_when_its_body_breaks() -> None:
    async with talking(at_once) as talk:
        talk.say(CHUNKED)
        assert await talk.answer() == b"done"
        talk.say(b"no chunk\r\n")
        assert await talk.all() == b""


@pytest.mark.parametrize("end", [b"nonsense\r\n\r\n", CHUNKED + b"no chunk\r\n"])
async def test_all_requests_before_one_that_is_none_are_answered(end: bytes) -> None:
    go = asyncio.Event()
    async with talking(after(go, at_once)) as talk:
        talk.say(GET * 3 + end)
        await asyncio.sleep(0)
        go.set()
        received = await talk.all()
        assert received.count(b"HTTP/1.1 200 OK\r\n") == 3
        assert received.count(b"HTTP/1.1 ") == 3


@pytest.mark.parametrize(
    "request_",
    [
        b"POST / HTTP/1.0\r\nContent-Length: 9000000\r\n\r\n",
        b"x" * 100_000,
        GET + b"x" * 100_000,
    ],
)
async def test_an_answer_is_not_lost_to_a_client_that_is_still_sending(request_: bytes) -> None:
    async with talking(at_once) as talk:
        talk.say(request_)
        talk.say(b"x" * 8_000_000)
        async with asyncio.timeout(PATIENCE):
            await talk.writer.drain()
        assert (await talk.all()).startswith(b"HTTP/1.1 ")


async def test_more_requests_at_once_than_anybody_sends_are_not_held() -> None:
    go = asyncio.Event()
    async with talking(after(go, at_once)) as talk:
        talk.say(GET * 5_000)
        await asyncio.sleep(0)
        go.set()
        assert 1 < (await talk.all()).count(b"HTTP/1.1 200 OK\r\n") < 5_000


# Answers


async def test_an_answer_that_is_not_as_long_as_it_says_is_not_sent() -> None:
    async def wrong(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's form
        await answer(send, b"longer", (b"content-length", b"2"))

    async with talking(wrong) as talk:
        talk.say(GET)
        assert await talk.all() == b""


async def test_whether_the_connection_is_kept_is_said_once() -> None:
    async def kept(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's form
        await answer(send, b"done", (b"connection", b"keep-alive"))

    async with talking(kept) as talk:
        talk.say(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        received = await talk.all()
        assert received.lower().count(b"\r\nconnection: ") == 1
        assert b"\r\nconnection: close\r\n" in received


# The end of the server


@pytest.mark.parametrize("count", [1, 3])
async def test_requests_that_were_received_are_answered_when_the_server_ends(count: int) -> None:
    go = asyncio.Event()
    async with talking(after(go, at_once)) as talk:
        talk.say(GET * count)
        await until(lambda: bool(talk.state.tasks))
        for each in connections(talk):
            each.shutdown()
        talk.say(GET)
        await flushed(talk)
        go.set()
        received = await talk.all()
        assert received.count(b"HTTP/1.1 200 OK\r\n") == count
        assert received.count(b"\r\nconnection: close\r\n") == 1
        assert received.endswith(b"done")


# Clients that leave, or do nothing


async def test_a_client_that_leaves_is_noticed_while_its_last_request_is_answered() -> None:
    left = asyncio.Event()
    numbers = iter(range(2))

    async def second_waits(scope: Scope, receive: Receive, send: Send) -> None:
        if next(numbers):
            scope["extensions"][DISCONNECT].on_disconnect = left.set
            await left.wait()
        else:
            await at_once(scope, receive, send)

    async with talking(second_waits) as talk:
        talk.say(GET * 2)
        assert await talk.answer() == b"done"
        talk.writer.close()
        async with asyncio.timeout(PATIENCE):
            await left.wait()


async def streaming(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's form
    """Answer for as long as somebody takes it."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while not scope["extensions"][DISCONNECT].is_disconnected:
        await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
        await asyncio.sleep(0)


async def large(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's form
    """Answer at once with more than goes into the system's buffers."""
    await answer(send, b"x" * 30_000_000)


@pytest.mark.parametrize("app", [streaming, large])
async def test_a_client_that_takes_nothing_is_left(app: ASGIApp) -> None:
    async with talking(app) as talk:
        talk.say(GET)
        await until(lambda: any(each.writable for each in connections(talk)))  # it is full
        talk.pass_seconds(LONG)
        await until(lambda: not talk.state.connections)


async def test_a_client_that_takes_a_few_bytes_now_and_then_is_left() -> None:
    loop = asyncio.get_running_loop()
    async with talking(large) as talk:
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.setblocking(False)  # noqa: FBT003 - the standard library's form
            await loop.sock_connect(slow, talk.writer.get_extra_info("peername"))
            await loop.sock_sendall(slow, GET)
            await until(lambda: any(each.writable for each in connections(talk)))
            for _ in range(12):
                await loop.sock_recv(slow, 1000)
                talk.pass_seconds(10)
            await until(lambda: not any(each.writable for each in connections(talk)))


async def test_a_client_that_takes_little_by_little_is_not_left() -> None:
    async with talking(large) as talk:
        talk.say(GET)
        async with asyncio.timeout(PATIENCE):
            await talk.reader.readuntil(b"\r\n\r\n")
            for _ in range(6):
                await talk.reader.readexactly(5_000_000)
                talk.pass_seconds(25)
        assert talk.state.connections


async def test_a_connection_on_which_nothing_is_asked_is_closed_without_an_answer() -> None:
    async with talking(echo) as talk:
        await until(lambda: bool(talk.state.connections))
        talk.pass_seconds(75)
        assert not talk.reader.at_eof()
        talk.pass_seconds(1)
        assert await talk.all() == b""


POST_9 = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n"


@pytest.mark.parametrize(
    "said", [b"GET / HTT", POST_9 + b"\r\nhalf", POST_9 + b"Expect: 100-continue\r\n\r\n"]
)
async def test_a_request_that_stops_in_the_middle_times_out(said: bytes) -> None:
    async with talking(echo) as talk:
        talk.say(said)
        await until(lambda: _is_read(talk, said))
        talk.pass_seconds(30)
        await asyncio.sleep(0)
        assert talk.state.connections
        talk.pass_seconds(1)
        received = (await talk.all()).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 408 ")
    assert b"\r\nconnection: close\r\n" in received
    assert b"urn:naftiko:problem:request-timeout" in received


@pytest.mark.parametrize("begin", [b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: ", CHUNKED])
async def test_a_request_that_drips_times_out(begin: bytes) -> None:
    async with talking(echo) as talk:
        talk.say(begin)
        await until(lambda: _is_read(talk, begin))
        drop = b"1\r\nx\r\n" if begin == CHUNKED else b"x"
        for _ in range(30):
            talk.say(drop * 200)
            await flushed(talk)
            talk.pass_seconds(1)
        assert talk.state.connections
        talk.say(drop)
        await flushed(talk)
        talk.pass_seconds(1)
        assert (await talk.all()).startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_is_sent_fast_enough_may_take_long() -> None:
    async with talking(echo) as talk:
        talk.say(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n")
        for _ in range(100):
            talk.say(b"x" * 500)
            await flushed(talk)
            talk.pass_seconds(1)
        assert await talk.answer() == b"x" * 50_000


async def test_a_request_that_times_out_ends_the_work_on_it() -> None:
    ended = asyncio.Event()

    async def reading(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's form
        while (await receive())["type"] != "http.disconnect":
            pass
        ended.set()

    async with talking(reading) as talk:
        talk.say(CHUNKED)
        await until(lambda: _is_read(talk, CHUNKED))
        talk.pass_seconds(31)
        async with asyncio.timeout(PATIENCE):
            await ended.wait()


async def test_a_client_that_sends_for_ever_what_nobody_reads_is_left() -> None:
    async with talking(at_once) as talk:
        talk.say(b"POST / HTTP/1.0\r\nContent-Length: 90\r\n\r\n")
        assert (await talk.all()).endswith(b"done")
        for _ in range(31):
            talk.say(b"x")
            await asyncio.sleep(0)
            talk.pass_seconds(1)
        await until(lambda: not talk.state.connections)


async def test_a_request_may_take_long_to_be_answered() -> None:
    go = asyncio.Event()
    async with talking(after(go, at_once)) as talk:
        talk.say(GET)
        await until(lambda: bool(talk.state.tasks))
        talk.pass_seconds(LONG)
        go.set()
        assert await talk.answer() == b"done"


def connections(talk: Talk) -> list[ClientConnection]:
    found: list[Any] = list(talk.state.connections)
    return found


async def flushed(talk: Talk) -> None:
    """Wait until the server has read what was said: the connection is in this process."""
    await talk.writer.drain()
    for _ in range(3):
        await asyncio.sleep(0)


def _is_read(talk: Talk, said: bytes) -> bool:
    """Whether the server has read what was said, and the app waits for more."""
    found = connections(talk)
    if not said or not found:
        return bool(found)
    reading = found[0].reading
    return found[0].has_begun and (reading is None or (reading.wants_body and not reading.unread))
