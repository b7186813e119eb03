"""HEAD: what the upstream says of a resource, without the resource."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from support.documents import written
from support.server import serving
from support.upstream import Answer, Upstream

DOCUMENT = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: up
    baseUri: http://127.0.0.1:1
    resources:
    - path: /items/{id}
      operations: [{name: check, method: HEAD}, {name: get, method: GET}]
  exposes:
  - type: rest
    namespace: rest
    resources:
    - {path: '/items/{id}', operations: [{method: HEAD, call: up.check}]}
    - {path: '/whole/{id}', operations: [{method: HEAD, call: up.get}]}
"""
MODIFIED = "Mon, 01 Jun 2026 10:00:00 GMT"


@pytest.fixture
def rest(tmp_path: Path, upstream: Upstream) -> Iterator[httpx.Client]:
    settings = Settings({"up": upstream.url}, environment={})
    with (
        serving(written(tmp_path, DOCUMENT), settings=settings) as served,
        httpx.Client(base_url=served.url("rest")) as client,
    ):
        yield client


@pytest.mark.parametrize("status", [200, 404, 503])
def test_the_status_and_the_headers_are_the_upstreams(
    rest: httpx.Client, upstream: Upstream, status: int
) -> None:
    headers = (("content-type", "text/csv"), ("etag", '"v7"'), ("last-modified", MODIFIED), ("x-inner", "no"))
    upstream.answers(Answer(status, b"x" * 1234, headers))
    answer = rest.head("/items/7")
    assert upstream.only.method == "HEAD"
    assert (answer.status_code, answer.content) == (status, b"")
    told = {
        name: answer.headers.get(name) for name in ("content-length", "content-type", "etag", "last-modified")
    }
    assert told == {
        "content-length": "1234",
        "content-type": "text/csv",
        "etag": '"v7"',
        "last-modified": MODIFIED,
    }
    assert "x-inner" not in answer.headers


def test_the_length_of_encoded_content_is_not_told(rest: httpx.Client, upstream: Upstream) -> None:
    upstream.answers(Answer(200, b"x" * 10, (("content-encoding", "gzip"), ("content-type", "text/csv"))))
    answer = rest.head("/items/7")
    assert answer.status_code == 200
    assert "content-length" not in answer.headers
    assert "content-encoding" not in answer.headers


def test_head_over_an_operation_that_gets_the_content_tells_its_length(
    rest: httpx.Client, upstream: Upstream
) -> None:
    upstream.answers(Answer(200, b'{"a": 1}'))
    answer = rest.head("/whole/7")
    assert upstream.only.method == "GET"
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "8")


def test_the_connection_serves_the_next_request(rest: httpx.Client, upstream: Upstream) -> None:
    upstream.answers(Answer(200, b"x" * 1234))
    assert [rest.head("/items/7").status_code for _ in range(3)] == [200, 200, 200]
