"""How answers lie on the wire: a client that reads once has a short answer whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from naftiko_run import Settings
from support.documents import written
from support.server import serving
from support.upstream import Answer, Upstream
from support.wire import connected

DOCUMENT = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - {type: http, namespace: up, baseUri: 'http://127.0.0.1:1', resources: [{path: /items, operations: [{name: list, method: GET}]}]}
  exposes:
  - {type: rest, namespace: rest, resources: [{path: /items, operations: [{method: GET, call: up.list}]}]}
"""


@pytest.mark.parametrize("body", [b'{"id": 1}', b"HTTP/1.1 is what this says"])
def test_a_short_answer_comes_in_one_packet(tmp_path: Path, upstream: Upstream, body: bytes) -> None:
    upstream.answers(Answer(200, body))
    settings = Settings({"up": upstream.url}, environment={})
    with serving(written(tmp_path, DOCUMENT), settings=settings) as served:
        url = served.url("rest")
        with connected(url) as connection:
            for _ in range(2):
                connection.sendall(b"GET /items HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                received = connection.recv(65536)
                assert received.startswith(b"HTTP/1.1 200 OK\r\n")
                assert received.endswith(b"\r\n\r\n" + body)


def test_an_answer_without_a_body_comes_too(tmp_path: Path, upstream: Upstream) -> None:
    upstream.answers(Answer(204, b""))
    settings = Settings({"up": upstream.url}, environment={})
    with (
        serving(written(tmp_path, DOCUMENT), settings=settings) as served,
        connected(served.url("rest")) as connection,
    ):
        connection.sendall(b"HEAD /items HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    assert received.startswith(b"HTTP/1.1 204 ")
    assert received.endswith(b"\r\n\r\n")
