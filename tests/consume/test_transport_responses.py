"""What upstreams answer, however they write it down: the same over each transport."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
import zstandard

from consume.transports import Kind, answered, each_kind, own_kinds
from naftiko_run.errors import ResponseTooLarge, UpstreamUnreachable
from naftiko_run.header_values import encode_header_value

INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
TEXT = b"hello, world" * 100


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@each_kind
@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil it ends", b"until it ends"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil it ends", b"until it ends"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n", b"ok"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nX: y\r\n\r\n", b"ok"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            b"ok",
        ),
        (
            INTERIM + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            b"ok",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more", b"ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Le", b"ok"),
    ],
)
def test_a_body_ends_where_it_ends(kind: Kind, answer: bytes, body: bytes) -> None:
    response, got = answered(kind, answer)
    assert (response.status, got) == (200, body)
    assert "link" not in dict(response.headers)
    assert "x" not in dict(response.headers)


@each_kind
@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", 200), ("HEAD", 404), ("GET", 204), ("GET", 304), ("DELETE", 204)]
)
@pytest.mark.parametrize("told", [b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b""])
def test_some_answers_have_no_body_whatever_they_tell(
    kind: Kind, method: str, status: int, told: bytes
) -> None:
    response, body = answered(kind, b"HTTP/1.1 %d Any\r\n%s\r\n" % (status, told), method)
    assert (response.status, body) == (status, b"")


@each_kind
@pytest.mark.parametrize("status", [200, 299, 302, 418, 503, 600, 999])
def test_any_status_is_given(kind: Kind, status: int) -> None:
    response, body = answered(kind, b"HTTP/1.1 %d Any\r\nContent-Length: 1\r\n\r\nx" % status)
    assert (response.status, body) == (status, b"x")


@each_kind
def test_headers_keep_their_order_and_lose_their_case(kind: Kind) -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-Empty:\r\nx-SPACES: \t a  b \t\r\n"
        b"Set-Cookie: b=2\r\nContent-Length: 0\r\n\r\n"
    )
    response, _ = answered(kind, answer)
    assert response.headers == (
        ("set-cookie", "a=1"),
        ("x-empty", ""),
        ("x-spaces", "a  b"),
        ("set-cookie", "b=2"),
        ("content-length", "0"),
    )


@each_kind
@pytest.mark.parametrize("value", ["Zürich".encode(), "Zürich".encode("latin-1")])
def test_a_header_beyond_ascii_is_read_without_loss(kind: Kind, value: bytes) -> None:
    response, _ = answered(kind, b"HTTP/1.1 200 OK\r\nX-City: %s\r\nContent-Length: 0\r\n\r\n" % value)
    assert encode_header_value(response.header("x-city")) == value


@each_kind
def test_a_header_of_utf8_is_read_as_text(kind: Kind) -> None:
    answer = "HTTP/1.1 200 OK\r\nX-City: Zürich\r\nContent-Length: 0\r\n\r\n".encode()
    assert answered(kind, answer)[0].header("x-city") == "Zürich"


@each_kind
@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("GZip", gzip.compress(TEXT, mtime=0)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", bare_deflate(TEXT)),
        ("deflate, gzip", gzip.compress(zlib.compress(TEXT), mtime=0)),
        ("identity", TEXT),
        ("identity, gzip", gzip.compress(TEXT, mtime=0)),
        ("x-gzip", gzip.compress(TEXT, mtime=0)),
        ("br", brotli.compress(TEXT)),
        ("zstd", zstandard.compress(TEXT)),
        ("br, zstd", zstandard.compress(brotli.compress(TEXT))),
    ],
)
@pytest.mark.parametrize("stream_threshold", [None, 100])
def test_content_encodings_are_undone(
    kind: Kind, encoding: str, packed: bytes, stream_threshold: int | None
) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(packed)}\r\n\r\n"
    response, body = answered(kind, head.encode() + packed, stream_threshold=stream_threshold)
    assert body == TEXT
    assert response.header("content-encoding") == encoding


@each_kind
def test_several_headers_of_encodings_are_one_list(kind: Kind) -> None:
    packed = gzip.compress(zlib.compress(TEXT), mtime=0)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Encoding: gzip\r\n"
    _, body = answered(kind, head + b"Content-Length: %d\r\n\r\n" % len(packed) + packed)
    assert body == TEXT


@each_kind
def test_an_empty_answer_may_claim_an_encoding(kind: Kind) -> None:
    _, body = answered(kind, b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n")
    assert body == b""


@each_kind
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_an_encoding_that_does_not_fit_is_told(kind: Kind, encoding: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: 8\r\n\r\n"
    with pytest.raises(UpstreamUnreachable, match="its Content-Encoding does not fit what it sent"):
        answered(kind, head.encode() + b"not that")


@each_kind
def test_a_little_that_becomes_very_much_is_not_taken(kind: Kind) -> None:
    packed = gzip.compress(bytes(50_000_000), mtime=0)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    with pytest.raises(ResponseTooLarge, match="more than 1,000 bytes"):
        answered(kind, head + packed, max_answer=1000)


@each_kind
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "it closed the connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "it closed the connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", "it closed the connection"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "it closed the connection"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "it closed the connection"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n", "its response is not valid HTTP"),
        (b"\x15\x03\x01\x00\x02\x02\x16\r\n\r\n", "its response is not valid HTTP"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "its response is not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "its response is not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n", "its response is not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nX\0: a\r\nContent-Length: 0\r\n\r\n", "its response is not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", "its response is not valid HTTP"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n",
            "its response is not valid HTTP",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok", "its response is not valid HTTP"),
    ],
)
def test_what_is_no_answer_is_told(kind: Kind, answer: bytes, reason: str) -> None:
    what = "no valid response" if "not valid HTTP" in reason else "no response"
    with pytest.raises(UpstreamUnreachable, match=rf"^a\.b: {what} from 127\.0\.0\.1:\d+: {reason}$"):
        answered(kind, answer)


@own_kinds
def test_an_upstream_cannot_switch_protocols(kind: Kind) -> None:
    answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nxyz"
    with pytest.raises(UpstreamUnreachable, match="its response is not valid HTTP"):
        answered(kind, answer)


@each_kind
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: yyyyyyyyyyyy\r\n" * 20_000 + b"Content-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 300_000,
        b"HTTP/1.1 103 Early Hints\r\nX: yyyyyyyyyyyy\r\n\r\n" * 10_000,
    ],
    ids=["long", "many", "behind the body", "interim"],
)
def test_an_upstream_cannot_fill_memory_with_headers(kind: Kind, answer: bytes) -> None:
    with pytest.raises(
        UpstreamUnreachable, match=r"its headers are larger than 100 KB|not valid HTTP|closed the connection"
    ):
        answered(kind, answer)
