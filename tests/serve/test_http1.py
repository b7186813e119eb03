"""HTTP/1.1 as clients speak it: in pieces, several requests at once, with and without manners."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from naftiko_run import Settings
from support.documents import written
from support.server import Served, serving
from support.upstream import JSON, Answer, Upstream
from support.wire import answering, connected, problem, read_all, send_raw

DOCUMENT = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - {type: http, namespace: up, baseUri: 'http://127.0.0.1:1', resources: [
      {path: '/items/{{id}}', operations: [{name: get, method: GET}]},
      {path: /send, operations: [{name: send, method: POST, inputParameters: [{name: body, in: body, type: object}]}]}]}
  exposes:
  - type: rest
    namespace: rest
    resources:
    - {path: '/items/{id}', operations: [{method: GET, call: up.get}]}
    - {path: /send, operations: [{method: POST, call: up.send}]}
    - {path: '/all/{path}', forward: {targetNamespace: up}}
"""
POST = b"POST /send HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


@pytest.fixture
def served(tmp_path: Path, upstream: Upstream) -> Iterator[Served]:
    upstream.answers(Answer(200, b'{"n": 1}', JSON))
    settings = Settings({"up": upstream.url}, environment={})
    with serving(written(tmp_path, DOCUMENT), settings=settings) as found:
        yield found


def get(number: int, *lines: str) -> bytes:
    """Write a request that the upstream sees the number of."""
    return "\r\n".join((f"GET /items/{number} HTTP/1.1", "Host: 127.0.0.1", *lines, "", "")).encode()


def test_requests_that_come_at_once_are_answered_in_turn(served: Served, upstream: Upstream) -> None:
    with connected(served.url("rest")) as connection:
        connection.sendall(b"".join(get(each) for each in range(20)) + get(20, "Connection: close"))
        received = read_all(connection)
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 21
    assert received.count(b'{"n": 1}') == 21
    assert [each.path for each in upstream.received] == [f"/items/{each}" for each in range(21)]


def test_a_request_may_come_byte_by_byte(served: Served, upstream: Upstream) -> None:
    body = b'{"x": 1}'
    request = POST + b"Content-Length: 8\r\nConnection: close\r\n\r\n" + body
    with connected(served.url("rest")) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request:
            connection.sendall(bytes([byte]))
        assert read_all(connection).startswith(b"HTTP/1.1 200 OK\r\n")
    assert upstream.received[0].body == body


def test_a_body_may_come_in_chunks_and_what_follows_it_is_no_header(
    served: Served, upstream: Upstream
) -> None:
    chunks = b'4;x=y\r\n{"x"\r\n4\r\n: 1}\r\n0\r\nContent-Type: text/plain\r\nX-Late: 1\r\n\r\n'
    with connected(served.url("rest")) as connection:
        connection.sendall(
            POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + get(1, "Connection: close")
        )
        received = read_all(connection)
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert json.loads(upstream.received[0].body) == {"x": 1}


def test_a_client_that_asks_first_is_told_to_go_on(served: Served, upstream: Upstream) -> None:
    with connected(served.url("rest")) as connection:
        connection.sendall(POST + b"Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert read_all(connection).startswith(b"HTTP/1.1 200 OK\r\n")
    assert upstream.received[0].body == b"{}"


def test_a_wish_for_another_protocol_is_passed_over(served: Served, upstream: Upstream) -> None:
    h2 = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"
    first = POST + h2 + b'Content-Length: 8\r\n\r\n{"x": 1}'
    with connected(served.url("rest")) as connection:
        connection.sendall(first + get(2, "Connection: close"))
        received = read_all(connection)
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert [each.body for each in upstream.received] == [b'{"x": 1}', b""]


def test_requests_for_another_protocol_in_one_packet_are_all_answered(
    served: Served, upstream: Upstream
) -> None:
    h2 = b"Connection: Upgrade\r\nUpgrade: h2c\r\n"
    post = POST + h2 + b'Content-Length: 8\r\n\r\n{"x": 1}'
    with connected(served.url("rest")) as connection:
        connection.sendall(post * 40 + get(2, "Connection: close"))
        received = read_all(connection)
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 41
    assert [each.body for each in upstream.received] == [*[b'{"x": 1}'] * 40, b""]


def test_a_question_about_the_server_itself_is_answered(served: Served, upstream: Upstream) -> None:
    with connected(served.url("rest")) as connection:
        connection.sendall(b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        received = read_all(connection)
    assert received.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert b"\r\nallow: GET, HEAD, OPTIONS, POST\r\n" in received
    assert upstream.received == []


@pytest.mark.parametrize(
    ("lines", "is_kept"),
    [
        ("HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", True),
        ("HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", False),
        ("HTTP/1.0\r\n\r\n", False),
    ],
)
def test_a_connection_is_kept_where_the_client_wants_it(served: Served, lines: str, is_kept: bool) -> None:  # noqa: FBT001 - pytest's form
    with connected(served.url("rest")) as connection:
        connection.sendall(f"GET /items/1 {lines}".encode())
        received = connection.recv(65536)
        assert (b"\r\nconnection: close\r\n" not in received) is is_kept
        if is_kept:
            connection.sendall(get(2))
        assert bool(connection.recv(65536)) is is_kept


def test_an_answer_of_unknown_length_ends_with_the_connection_for_old_clients(tmp_path: Path) -> None:
    with (
        answering(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n%b\r\n0\r\n\r\n" % (b"x" * 100)
        ) as url,
        serving(written(tmp_path, DOCUMENT), settings=Settings({"up": url}, environment={})) as served,
        connected(served.url("rest")) as connection,
    ):
        connection.sendall(b"GET /all/x HTTP/1.0\r\n\r\n")
        head, _, body = read_all(connection).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower()
    assert body == b"x" * 100


def test_head_has_the_headers_and_no_body(served: Served) -> None:
    with connected(served.url("rest")) as connection:
        connection.sendall(get(1).replace(b"GET", b"HEAD") + get(2, "Connection: close"))
        first, _, rest = read_all(connection).partition(b"\r\n\r\n")
    assert b"content-length: 8" in first
    assert rest.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET /items/1 HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n",
        b"GET \xff\xfe HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_goes_nowhere(
    served: Served, upstream: Upstream, request_: bytes
) -> None:
    document = problem(send_raw(served.url("rest"), request_), 400)
    assert document["type"] == "urn:naftiko:problem:not-http"
    assert upstream.received == []


def test_what_follows_a_request_and_is_none_does_not_cost_its_answer(served: Served) -> None:
    with connected(served.url("rest")) as connection:
        connection.sendall(get(1) + b"nonsense\r\n\r\n")
        received = read_all(connection)
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b'{"n": 1}')


def test_a_head_without_end_is_refused(served: Served) -> None:
    with connected(served.url("rest")) as connection:
        connection.sendall(b"GET /items/1 HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        received = b""
        connection.settimeout(0.01)
        while not received:
            connection.sendall(b"x-more: " + b"x" * 1000 + b"\r\n")
            try:
                received = connection.recv(65536)
            except TimeoutError:
                continue
    assert received.startswith(b"HTTP/1.1 431 ")
    assert b"urn:naftiko:problem:head-too-large" in received


def test_a_long_body_is_no_long_head(served: Served, upstream: Upstream) -> None:
    body = bytes(range(256)) * 12_000
    with connected(served.url("rest")) as connection:
        connection.sendall(b"PUT /all/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n" % len(body))
        connection.sendall(b"Connection: close\r\n\r\n" + body)
        assert read_all(connection).startswith(b"HTTP/1.1 200 OK\r\n")
    assert upstream.only.body == body
