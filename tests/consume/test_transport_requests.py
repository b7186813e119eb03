"""What arrives at an upstream: the same, whichever transport carries it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consume.transports import KINDS, Kind, asking, each_kind, head_of, own_kinds, speaking, whole
from naftiko_run.consume import OutgoingRequest, Transport
from naftiko_run.errors import InvalidInput, UpstreamUnreachable
from naftiko_run.http.client.origin import parse_origin, prefix_of, target_of
from naftiko_run.http.messages import FixedHeaders
from naftiko_run.version import USER_AGENT
from support.upstream import Received, Upstream

NOT_SENT = "the request was not sent, because a header or credential is not one that HTTP can carry"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def arrived(kind: Kind, upstream: Upstream, path: str, method: str = "GET", **more: Any) -> Received:
    """Send one request, and give what came."""

    async def use(transport: Transport) -> None:
        await whole(await transport.send(asking(upstream.url + path, method, **more)))

    kind.run(use)
    return upstream.only


@each_kind
def test_a_request_says_what_clients_say(kind: Kind, upstream: Upstream) -> None:
    got = arrived(kind, upstream, "/a?b=c", headers=[("User-Agent", USER_AGENT), ("X-Key", "v")])
    assert (got.method, got.target, got.body) == ("GET", "/a?b=c", b"")
    assert dict(got.headers) == {
        "host": upstream.url.removeprefix("http://"),
        "accept": "*/*",
        "accept-encoding": "gzip, deflate, br, zstd",
        "connection": "keep-alive",
        "user-agent": USER_AGENT,
        "x-key": "v",
    }


@each_kind
def test_a_request_may_say_otherwise(kind: Kind, upstream: Upstream) -> None:
    headers = [
        ("accept", "text/plain"),
        ("Accept-Encoding", "identity"),
        ("HOST", "else.example"),
        ("User-agent", "me"),
        ("X-Twice", "1"),
        ("x-twice", "2"),
    ]
    got = arrived(kind, upstream, "/", headers=headers)
    assert sorted(got.headers) == sorted(
        [(name.lower(), value) for name, value in headers] + [("connection", "keep-alive")]
    )


@each_kind
def test_headers_that_requests_share_are_sent_as_each_request_has_them(
    kind: Kind, upstream: Upstream
) -> None:
    fixed = FixedHeaders([("User-Agent", "me"), ("X-Key", "k")]).with_type("text/plain")
    changed = [[*fixed.pairs], [*fixed.pairs, ("X-More", "1")], fixed.pairs[1:], [*fixed.pairs]]

    async def use(transport: Transport) -> None:
        for headers in changed:
            request = asking(f"{upstream.url}/", "POST", headers=headers, body=b"it", fixed=fixed)
            await whole(await transport.send(request))

    kind.run(use)
    ours = ("content-type", "x-key", "x-more")
    assert [sorted(it for it in got.headers if it[0] in ours) for got in upstream.received] == [
        sorted((name.lower(), value) for name, value in headers if name != "User-Agent")
        for headers in changed
    ]
    assert [got.body for got in upstream.received] == [b"it"] * 4


@each_kind
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"])
@pytest.mark.parametrize("body", [None, b"", b"body", b"x" * 100_000], ids=["none", "empty", "short", "long"])
def test_a_body_has_its_length(kind: Kind, upstream: Upstream, method: str, body: bytes | None) -> None:
    got = arrived(kind, upstream, "/", method, body=body)
    assert (got.method, got.body) == (method, body or b"")
    expected = str(len(body)) if body else "0" if method in ("POST", "PUT", "PATCH") else ""
    assert got.header("content-length") == expected
    assert got.header("transfer-encoding") == ""


@each_kind
def test_a_body_that_streams_goes_in_chunks(kind: Kind, upstream: Upstream) -> None:
    got = arrived(kind, upstream, "/", "POST", chunks=pieces(b"one", b"", b"two"))
    assert got.body == b"onetwo"
    assert got.header("transfer-encoding") == "chunked"
    assert got.header("content-length") == ""


@each_kind
def test_a_body_that_streams_may_have_a_length(kind: Kind, upstream: Upstream) -> None:
    headers = [("Content-Length", "6")]
    got = arrived(kind, upstream, "/", "POST", headers=headers, chunks=pieces(b"one", b"two"))
    assert got.body == b"onetwo"
    assert got.header("transfer-encoding") == ""
    assert got.header("content-length") == "6"


@own_kinds
@pytest.mark.parametrize("length", ["5", "7"])
def test_a_body_that_streams_must_have_the_length_it_claims(kind: Kind, length: str) -> None:
    body_ended = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await head_of(reader)
        assert len(await reader.read()) <= int(length)
        body_ended.set()

    async def use(transport: Transport) -> None:
        async with speaking(speak) as url:
            headers = [("Content-Length", length)]
            with pytest.raises(UpstreamUnreachable, match="not as long as its Content-Length says"):
                await transport.send(asking(url, "POST", headers=headers, chunks=pieces(b"one", b"two")))
            await body_ended.wait()

    kind.run(use)


@each_kind
@pytest.mark.parametrize(
    "header",
    [
        ("X-Key", "two\nlines"),
        ("X-Key", "two\r\nX-Other: lines"),
        ("X-Key", "nul\0"),
        ("X-Key", "end "),
        ("X-Key", " start"),
        ("X Key", "v"),
        ("X-Key:", "v"),
        ("X-Key: a\r\nX-Other", "v"),
        ("", "v"),
        ("X-Kéy", "v"),
    ],
)
def test_a_header_that_http_cannot_carry_is_not_sent(
    kind: Kind, upstream: Upstream, header: tuple[str, str]
) -> None:
    with pytest.raises(UpstreamUnreachable) as refused:
        arrived(kind, upstream, "/", headers=[header])
    assert refused.value.message.endswith(NOT_SENT)
    assert upstream.received == []


@own_kinds
@pytest.mark.parametrize("length", ["5", "-1", "1e1", "²"])
def test_a_length_that_is_not_the_bodys_is_not_sent(kind: Kind, upstream: Upstream, length: str) -> None:
    with pytest.raises(UpstreamUnreachable) as refused:
        arrived(kind, upstream, "/", "POST", headers=[("Content-Length", length)], body=b"body")
    assert refused.value.message.endswith(NOT_SENT)
    assert upstream.received == []


@each_kind
def test_a_header_beyond_ascii_goes_as_utf8(kind: Kind, upstream: Upstream) -> None:
    got = arrived(kind, upstream, "/", headers=[("X-City", "Zürich\tWest")])
    assert got.header("x-city").encode("latin-1").decode() == "Zürich\tWest"


@each_kind
@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("", "/"),
        ("/", "/"),
        ("?q=1", "/?q=1"),
        ("?q=/a/b", "/?q=/a/b"),
        ("/a b", "/a%20b"),
        ("/a%20b%2Fc", "/a%20b%2Fc"),
        ("/100%", "/100%"),
        ("/a/../b/./c", "/b/c"),
        ("/.well-known/x", "/.well-known/x"),
        ("/ü?ü=ü", "/%C3%BC?%C3%BC=%C3%BC"),
        ("/a?b=c d&e={f}", "/a?b=c%20d&e={f}"),
        ("/{a}", "/%7Ba%7D"),
        ("/a#fragment", "/a"),
        ("/a?b#fragment", "/a?b"),
    ],
)
def test_a_path_is_percent_encoded(kind: Kind, upstream: Upstream, path: str, target: str) -> None:
    assert arrived(kind, upstream, path).target == target


@each_kind
def test_credentials_of_a_url_are_a_header_and_no_part_of_the_target(kind: Kind, upstream: Upstream) -> None:
    url = upstream.url.replace("http://", "http://me:s3cret@")

    async def use(transport: Transport) -> None:
        await transport.send(asking(url + "/a"))

    kind.run(use)
    assert upstream.only.target == "/a"
    assert upstream.only.header("host") == upstream.url.removeprefix("http://")
    assert upstream.only.header("authorization") == "Basic bWU6czNjcmV0"


@given(
    st.text(st.sampled_from("abz/.%20?&=#{}[]|^~!*'()@:,;+$ü\"<> `\\-_"), max_size=30),
    st.sampled_from(
        ["http://h.example", "https://h.example:8443", "http://[::1]:80", "https://H.Example:443"]
    ),
)
def test_what_is_asked_for_is_what_httpx_would_ask_for(path: str, prefix: str) -> None:
    url = f"{prefix}/{path}"
    origin = parse_origin(prefix_of(url))
    expected = httpx.URL(url)
    assert origin is not None
    assert target_of(url, len(prefix)) == expected.raw_path.decode()
    assert origin.authority == expected.netloc.decode()
    assert origin.host == expected.host


@pytest.mark.parametrize(
    "url",
    ["http://ü.example/", "http://u:p@h/", "http://h:99999/", "http://[fe80::1%25eth0]/", "ftp://h/", "h"],
)
def test_an_unusual_host_is_left_to_httpx(url: str) -> None:
    assert parse_origin(prefix_of(url)) is None


@each_kind
def test_a_url_that_is_too_long_is_the_callers_fault(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        await transport.send(OutgoingRequest("a.b", "GET", "http://h.example/" + "x" * 70_000, ()))

    with pytest.raises(InvalidInput, match=r"the URL of a\.b would be longer than 65,536 characters"):
        kind.run(use)


@each_kind
def test_redirects_are_not_followed_and_cookies_are_not_kept(kind: Kind) -> None:
    heads: list[bytes] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            heads.append(await head_of(reader))
            writer.write(
                b"HTTP/1.1 302 Found\r\nlocation: /y\r\nset-cookie: a=b; path=/\r\ncontent-length: 0\r\n\r\n"
            )

    async def use(transport: Transport) -> None:
        async with speaking(speak) as url:
            for _ in range(2):
                assert (await transport.send(asking(url))).status == 302

    kind.run(use)
    assert [head.partition(b" HTTP")[0] for head in heads] == [b"GET /x", b"GET /x"]
    assert b"cookie" not in heads[1].lower()


@own_kinds
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_may_come_before_the_body_is_sent(kind: Kind, *, stream: bool) -> None:
    stopped = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            yield b"some"
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno")
        await reader.read()

    async def use(transport: Transport) -> None:
        async with speaking(speak) as url:
            response = await transport.send(asking(url, "POST", chunks=endless(), stream=stream))
            assert (response.status, await whole(response)) == (413, b"no")
            await stopped.wait()

    kind.run(use)


@each_kind
@pytest.mark.parametrize("stream", [False, True])
def test_a_body_that_fails_to_come_fails_the_request(kind: Kind, *, stream: bool) -> None:
    class Gone(Exception):
        """The caller has left."""

    closed = asyncio.Event()

    async def failing() -> AsyncIterator[bytes]:
        yield b"some"
        raise Gone

    async def speak(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()
        closed.set()

    async def use(transport: Transport) -> None:
        async with speaking(speak) as url:
            with pytest.raises(Gone):
                await transport.send(asking(url, "POST", chunks=failing(), stream=stream))
            await closed.wait()

    kind.run(use)


@pytest.mark.parametrize("kind", [KINDS["own"]])
def test_a_head_goes_in_one_piece_with_a_small_body(kind: Kind) -> None:
    received: list[bytes] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(65_536))
        writer.write(OK)

    async def use(transport: Transport) -> None:
        async with speaking(speak) as url:
            await transport.send(asking(url, "POST", body=b"body"))

    kind.run(use)
    assert received[0].endswith(b"\r\n\r\nbody")
