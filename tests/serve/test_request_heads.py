"""Requests whose head HTTP/1.1 does not allow: refused with the status that says why, and never answered by an app."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from naftiko_run import Settings
from support.documents import written
from support.server import Served, serving
from support.upstream import JSON, Answer, Upstream
from support.wire import connected, problem, read_all, send_raw

DOCUMENT = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - {type: http, namespace: up, baseUri: 'http://127.0.0.1:1'}
  exposes:
  - {type: rest, namespace: rest, resources: [{path: '/all/{path}', forward: {targetNamespace: up, trustedHeaders: [X-Seen]}}]}
"""
HOST = b"Host: 127.0.0.1\r\n"
POST = b"POST /all/x HTTP/1.1\r\n" + HOST


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shared_upstream: Upstream) -> Iterator[Served]:
    settings = Settings({"up": shared_upstream.url}, environment={})
    with serving(written(tmp_path_factory.mktemp("heads"), DOCUMENT), settings=settings) as found:
        yield found


@pytest.fixture
def url(served: Served, upstream: Upstream) -> str:
    upstream.answers(Answer(200, b"{}", JSON))
    return served.url("rest")


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /all/x HTTP/1.1\r\n\r\n",
        b"GET /all/x HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
        b"GET /all/x HTTP/1.1\r\n" + HOST + b"Host: localhost\r\n\r\n",
        b"GET /all/x HTTP/1.0\r\n" + HOST + HOST + b"\r\n",
        *(
            b"GET /all/x HTTP/1.1\r\nHost: %b\r\n\r\n" % host
            for host in (b"a b", b"a/b", b"me@127.0.0.1", b"127.0.0.1:port", b"[::1", b"127.0.0.1#", b'"')
        ),
    ],
)
def test_there_must_be_one_host(url: str, upstream: Upstream, request_: bytes) -> None:
    document = problem(send_raw(url, request_), 400)
    assert document["type"] == "urn:naftiko:problem:not-http"
    assert "Host" in document["detail"]
    assert upstream.received == []


@pytest.mark.parametrize("host", [b"127.0.0.1", b"127.0.0.1:8080", b"LOCALHOST", b"[::1]:80", b"localhost:"])
def test_a_host_may_have_a_port(url: str, host: bytes) -> None:
    request = b"GET /all/x HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % host
    assert send_raw(url, request).status_code == 200


def test_the_host_of_the_target_overrides_the_header(url: str, upstream: Upstream) -> None:
    own = b"GET http://localhost/all/x?q=1 HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n"
    assert send_raw(url, own).status_code == 200
    assert upstream.only.path == "/x"
    others = b"GET http://elsewhere.example/all/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert send_raw(url, others).status_code == 421


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (POST + b"Transfer-Encoding: gzip\r\n\r\n", 501, "unsupported-coding"),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, "unsupported-coding"),
        (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501, "unsupported-coding"),
        (POST + b"Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", 501, "unsupported-coding"),
        (POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400, "not-http"),
        (POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400, "not-http"),
        (POST + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n", 400, "not-http"),
        (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400, "not-http"),
        (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "not-http"),
        (POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "not-http"),
        (POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\n{", 400, "not-http"),
        (POST + b"Content-Length: +1\r\n\r\n{", 400, "not-http"),
        (POST + b"Content-Length: 1_0\r\n\r\n{", 400, "not-http"),
        (POST + b"Content-Length: 9999999999999999999\r\n\r\n{", 400, "not-http"),
        (POST + b"Expect: 200-ok\r\nContent-Length: 2\r\n\r\n", 417, "unknown-expectation"),
        (POST + b"Expect: 100-continue, x\r\nContent-Length: 2\r\n\r\n", 417, "unknown-expectation"),
        (POST + b"Expect: x\r\nExpect: 100-continue\r\n\r\n", 417, "unknown-expectation"),
        (b"GET /all/x\r\n\r\n", 505, "unsupported-version"),
        (b"GET /all/x HTTP/0.9\r\n\r\n", 505, "unsupported-version"),
        (b"GET /all/x HTTP/1.2\r\n" + HOST + b"\r\n", 505, "unsupported-version"),
        (b"GET /all/x HTTP/2.0\r\n" + HOST + b"\r\n", 505, "unsupported-version"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "unsupported-version"),
        (b"GET /all/x HTTP/1.10\r\n" + HOST + b"\r\n", 400, "not-http"),
        (b"GET /all/x http/1.1\r\n" + HOST + b"\r\n", 400, "not-http"),
        (b"GET /all/x RTSP/1.0\r\n" + HOST + b"\r\n", 400, "not-http"),
        (b"OPTIONS /all/x RTSP/1.1\r\n" + HOST + b"\r\n", 400, "not-http"),
        (b"SETUP /all/x HTTP/1.1\r\n" + HOST + b"\r\n", 501, "unknown-method"),
        (b"SOURCE /all/x ICE/1.0\r\n" + HOST + b"\r\n", 501, "unknown-method"),
        (b"BREW /all/x HTTP/1.1\r\n" + HOST + b"\r\n", 501, "unknown-method"),
        (b"CONNECT example.com:443 HTTP/1.1\r\n" + HOST + b"\r\n", 501, "unknown-method"),
        (b"GET  /all/x HTTP/1.1\r\n" + HOST + b"\r\n", 400, "not-http"),
        (b"GET /all/x  HTTP/1.1\r\n" + HOST + b"\r\n", 400, "not-http"),
        (b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", 400, "not-http"),
        (b"GET ftp://localhost/all/x HTTP/1.1\r\n" + HOST + b"\r\n", 400, "not-http"),
        (b"GET http://me@localhost/all/x HTTP/1.1\r\n" + HOST + b"\r\n", 400, "not-http"),
    ],
)
def test_what_http_does_not_allow_is_refused(
    url: str, upstream: Upstream, request_: bytes, status: int, code: str
) -> None:
    assert problem(send_raw(url, request_), status)["type"] == f"urn:naftiko:problem:{code}"
    assert upstream.received == []


@pytest.mark.parametrize(
    "line",
    [b"HTTP/1.0\r\nExpect: x", b"HTTP/1.1\r\nExpect: 100-Continue, 100-continue", b"HTTP/1.1\r\nExpect: "],
)
def test_an_expectation_that_is_met_or_means_nothing_is_no_fault(url: str, line: bytes) -> None:
    request = b"GET /all/x " + line + b"\r\n" + HOST + b"Connection: close\r\n\r\n"
    assert send_raw(url, request).status_code == 200


def test_empty_lines_before_a_request_are_ignored(url: str, upstream: Upstream) -> None:
    request = b"\r\n\r\nGET /all/x HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    assert send_raw(url, request).status_code == 200
    assert upstream.only.path == "/x"


def test_spaces_around_a_header_are_not_its_value(url: str, upstream: Upstream) -> None:
    request = b"GET /all/x HTTP/1.1\r\nHost:\t127.0.0.1 \t\r\nX-Seen:  a b\t \r\nConnection: close\r\n\r\n"
    assert send_raw(url, request).status_code == 200
    assert upstream.only.header("x-seen") == "a b"


def test_what_trailers_say_of_the_connection_is_ignored(url: str, upstream: Upstream) -> None:
    chunks = b"2\r\n{}\r\n0\r\nConnection: close\r\n\r\n"
    with connected(url) as connection:
        connection.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
        connection.sendall(b"GET /all/y HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        assert read_all(connection).count(b"HTTP/1.1 200 OK\r\n") == 2
    assert [each.path for each in upstream.received] == ["/x", "/y"]


# The limit of a head: 64 KB


def head_of(size: int) -> bytes:
    begin, end = b"GET /all/x HTTP/1.1\r\n" + HOST + b"Connection: close\r\nX-Long: ", b"\r\n\r\n"
    return begin + b"x" * (size - len(begin) - len(end)) + end


@pytest.mark.parametrize("pieces", [1, 7])
@pytest.mark.parametrize(("size", "status"), [(64 * 1024, 200), (64 * 1024 + 1, 431), (200_000, 431)])
def test_a_head_may_have_64_kilobytes(
    url: str, upstream: Upstream, size: int, status: int, pieces: int
) -> None:
    head = head_of(size)
    with connected(url) as connection:
        for number in range(pieces):
            connection.sendall(head[number * size // pieces : (number + 1) * size // pieces])
        received = read_all(connection)
    assert received.startswith(b"HTTP/1.1 %d " % status)
    assert len(upstream.received) == (status == 200)


@pytest.mark.parametrize("pieces", [1, 7])
def test_a_head_that_never_ends_is_refused_at_its_limit(url: str, pieces: int) -> None:
    head = head_of(64 * 1024 + 9)[:-8]
    with connected(url) as connection:
        for number in range(pieces):
            connection.sendall(head[number * len(head) // pieces : (number + 1) * len(head) // pieces])
        assert read_all(connection).startswith(b"HTTP/1.1 431 ")


def test_each_request_of_several_may_have_a_long_head(url: str, upstream: Upstream) -> None:
    head = head_of(60_000).replace(b"Connection: close", b"X-Other:     a")
    with connected(url) as connection:
        connection.sendall(head * 4 + head_of(60_000))
        assert read_all(connection).count(b"HTTP/1.1 200 OK\r\n") == 5
    assert len(upstream.received) == 5


@pytest.mark.parametrize(
    "body",
    [
        b"1;%b\r\nx\r\n" % (b"e" * 30_000) * 5,
        b"5;%b\r\nhello\r\n0\r\n\r\n" % (b"e" * 70_000),
        b"2\r\n{}\r\n0\r\n" + b"X-Trailer: %b\r\n" % (b"x" * 1000) * 100,
    ],
)
def test_the_framing_of_a_body_has_a_limit(url: str, body: bytes) -> None:
    with connected(url) as connection:
        connection.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n" + body)
        received = read_all(connection)
    assert received.startswith(b"HTTP/1.1 431 ")


def test_a_body_may_come_in_chunks_of_one_byte(url: str, upstream: Upstream) -> None:
    chunks = b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n"
    with connected(url) as connection:
        connection.sendall(POST + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunks)
        assert read_all(connection).startswith(b"HTTP/1.1 200 ")
    assert upstream.only.body == b"x" * 50_000
