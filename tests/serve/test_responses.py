"""Responses as they go over the wire: where they end, and what never gets into their head."""

from __future__ import annotations

import asyncio

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naftiko_run.expose.exposer import ASGIApp, Receive, Scope, Send
from naftiko_run.http.server.response_writer import InvalidResponse, write_response_head
from serve.talking import answer, at_once, talking

pytestmark = pytest.mark.anyio

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = GET.replace(b"GET", b"HEAD")
OLD = b"GET / HTTP/1.0\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def streaming(status: int, *pieces: bytes, is_whole: bool = True, length: int | None = None) -> ASGIApp:
    """Return an app that answers piece by piece, to its end or not."""
    headers = [] if length is None else [(b"content-length", b"%d" % length)]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/last":
            await at_once(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)
        if is_whole:
            await send({"type": "http.response.body", "body": b""})

    return app


# Where a response ends


@pytest.mark.parametrize("pieces", [(b"half of it",), (b"x" * 100_000, b"more")])
async def test_a_broken_response_to_an_old_client_is_a_reset(pieces: tuple[bytes, ...]) -> None:
    async with talking(streaming(200, *pieces, is_whole=False)) as talk:
        talk.say(OLD)
        with pytest.raises(ConnectionResetError):
            await talk.all()


async def test_a_whole_response_to_an_old_client_ends_with_the_connection() -> None:
    async with talking(streaming(200, b"all ", b"of it")) as talk:
        talk.say(OLD)
        assert (await talk.all()).endswith(b"\r\n\r\nall of it")


@pytest.mark.parametrize("request_", [GET, OLD])
async def test_a_broken_response_of_known_length_is_shorter_than_it_says(request_: bytes) -> None:
    async with talking(streaming(200, b"half", is_whole=False, length=9)) as talk:
        talk.say(request_)
        received = await talk.all()
        assert b"content-length: 9\r\n" in received
        assert received.endswith(b"\r\n\r\nhalf")


@pytest.mark.parametrize("request_", [GET, OLD])
@pytest.mark.parametrize("pieces", [(b"half",), (b"ha", b"lf"), (b"half, and far too much",)])
async def test_a_response_of_another_length_than_it_says_is_broken(
    request_: bytes, pieces: tuple[bytes, ...]
) -> None:
    async with talking(streaming(200, *pieces, length=9)) as talk:
        talk.say(request_ + LAST)
        received = await talk.all()
        assert received.count(b"HTTP/1.1") <= 1  # the connection ends
        assert b"done" not in received
        assert len(received.partition(b"\r\n\r\n")[2]) < 9


async def test_a_broken_response_in_chunks_has_no_last_chunk() -> None:
    async with talking(streaming(200, b"half", is_whole=False)) as talk:
        talk.say(GET)
        assert (await talk.all()).endswith(b"4\r\nhalf\r\n")


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("length", [None, 0, 4])
@pytest.mark.parametrize("is_streamed", [True, False])
async def test_a_status_without_a_body_has_none(status: int, length: int | None, is_streamed: bool) -> None:  # noqa: FBT001 - pytest's form
    headers = () if length is None else ((b"content-length", b"%d" % length),)

    async def whole(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/last":
            await at_once(scope, receive, send)
        else:
            await send(
                {"type": "naftiko.http.response", "status": status, "headers": headers, "body": b"body"}
            )

    async with talking(streaming(status, b"body", length=length) if is_streamed else whole) as talk:
        talk.say(GET + LAST)
        head, _, rest = (await talk.all()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 %d " % status)
        assert b"transfer-encoding" not in head
        assert (b"content-length" in head) is (status == 304 and length is not None)  # RFC 9110, 8.6
        assert rest.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("length", [None, 4])
async def test_head_has_the_headers_of_get_and_no_body(length: int | None) -> None:
    async with talking(streaming(200, b"body", length=length)) as talk:
        talk.say(HEAD + LAST)
        head, _, rest = (await talk.all()).partition(b"\r\n\r\n")
        assert (b"content-length: 4" in head) is (length == 4)
        assert rest.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("status", [100, 101, 103, 199, 600, 999])
async def test_a_status_that_is_no_end_or_none_at_all_is_not_sent(status: int) -> None:
    async with talking(streaming(status, b"body")) as talk:
        talk.say(GET)
        assert await talk.all() == b""


# What never gets into a head


NAMES = st.from_regex(rb"[A-Za-z][A-Za-z0-9-]{0,20}", fullmatch=True).filter(
    lambda name: name.lower() not in (b"content-length", b"connection", b"transfer-encoding")
)
TEXT = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=20).map(
    lambda text: text.strip().encode("latin-1")
)
BREAKS = st.sampled_from([b"\0", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\r\nset-cookie: a=b"])


@given(st.lists(st.tuples(NAMES, TEXT), max_size=5))
def test_a_head_is_read_as_it_was_meant(headers: list[tuple[bytes, bytes]]) -> None:
    head, _, _ = write_response_head(200, [*headers, (b"content-length", b"0")])
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("host", "a")]))
    client.receive_data(head + b"\r\n")
    response = client.next_event()
    assert isinstance(response, h11.Response)
    assert list(response.headers)[:-1] == [(name.lower(), value) for name, value in headers]


@pytest.mark.parametrize("is_name", [True, False])
@given(before=TEXT, broken=BREAKS, after=TEXT)
def test_no_header_has_a_line_break_or_a_nul(
    is_name: bool,  # noqa: FBT001 - pytest's form
    before: bytes,
    broken: bytes,
    after: bytes,
) -> None:
    value = before + broken + after
    header = (value, b"x") if is_name else (b"x-given", value)
    with pytest.raises(InvalidResponse):
        write_response_head(200, [(b"content-type", b"text/plain"), header])


@pytest.mark.parametrize("value", [b"a\0b", b"a\r\nset-cookie: b=c", b"a\nb", b"a\rb"])
async def test_a_response_whose_head_http_cannot_carry_is_not_sent(value: bytes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's form
        await answer(send, b"done", (b"x-given", value))

    async with talking(app) as talk:
        talk.say(GET)
        assert await talk.all() == b""
