"""Bad input to the REST adapter: a problem document for the caller, and nothing for the upstream."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from expose.conftest import MAX_BODY
from support.server import Served
from support.upstream import JSON, Upstream
from support.wire import connected, problem, send_raw

AS_JSON = dict(JSON)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"event=signup",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e999}',
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": 1} {"b": 2}',
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"a": ' + b"1" * 6000 + b"}",
        # The same beside an integer that needs another parser.
        b'{"id": 12345678901234567890, "a": NaN}',
        b'{"id": 12345678901234567890, "a": 1e999}',
        '{"id": 12345678901234567890}'.encode("utf-16"),
        b'{"id": 12345678901234567890, "a": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
    ids=lambda body: repr(body[:40]),
)
def test_a_body_that_is_not_json(pipelines_client: httpx.Client, upstream: Upstream, body: bytes) -> None:
    found = problem(pipelines_client.post("/v1/track", content=body, headers=AS_JSON), 400)
    assert found["type"] == "urn:naftiko:problem:not-json"
    assert "sys." not in found["detail"]
    assert upstream.received == []


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json5", "json"],
)
def test_another_content_type(pipelines_client: httpx.Client, upstream: Upstream, media_type: str) -> None:
    answer = pipelines_client.post("/v1/track", content=b"{}", headers={"content-type": media_type})
    found = problem(answer, 415)
    assert media_type in found["detail"]
    assert "application/json" in found["hint"]
    assert upstream.received == []


@pytest.mark.parametrize("media_type", ["text/json", "Text/JSON; charset=utf-8"])
def test_the_old_type_of_json_is_json(
    pipelines_client: httpx.Client, upstream: Upstream, media_type: str
) -> None:
    headers = {"content-type": media_type, "origin": "http://localhost:1"}
    answer = pipelines_client.post("/v1/track", content=b'{"a":1}', headers=headers)
    assert answer.status_code == 200, answer.text
    assert upstream.only.header("content-type") == "application/json"
    assert upstream.only.body == b'{"a":1}'


@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_no_body(pipelines_client: httpx.Client, upstream: Upstream, body: bytes) -> None:
    found = problem(pipelines_client.post("/v1/track", content=body, headers=AS_JSON), 400)
    assert found["violations"] == [{"pointer": "/body", "message": "is required"}]
    assert upstream.received == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[1]", "an array"),
        (b'"x"', "text"),
        (b"7", "an integer"),
        (b"7.5", "a number"),
        (b"true", "a boolean"),
        (b"null", "null"),
    ],
)
def test_a_body_that_is_not_an_object(
    pipelines_client: httpx.Client, upstream: Upstream, body: bytes, kind: str
) -> None:
    found = problem(pipelines_client.post("/v1/track", content=body, headers=AS_JSON), 400)
    assert found["violations"] == [{"pointer": "/body", "message": f"must be an object, not {kind}"}]
    assert upstream.received == []


def test_a_body_without_fields_to_take(shop_client: httpx.Client, upstream: Upstream) -> None:
    found = problem(shop_client.post("/orders", json=[1]), 400)
    assert "object" in found["detail"]
    assert upstream.received == []


def test_every_violation_is_told_at_once(shop_client: httpx.Client, upstream: Upstream) -> None:
    found = problem(shop_client.post("/orders", json={"count": "many"}), 400)
    assert found["violations"] == [
        {"pointer": "/sku", "message": "is required"},
        {"pointer": "/count", "message": "must be an integer, not text"},
    ]
    assert upstream.received == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1.evil.example:8080"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_a_foreign_page(
    pipelines_client: httpx.Client, upstream: Upstream, headers: dict[str, str], status: int
) -> None:
    found = problem(pipelines_client.post("/v1/track", content=b"{}", headers=headers), status)
    assert "--allow-host" in found["hint"]
    assert upstream.received == []


def test_a_page_of_this_machine_that_sends_a_body_without_a_type(
    pipelines_client: httpx.Client, upstream: Upstream
) -> None:
    problem(pipelines_client.post("/v1/track", content=b"{}", headers={"origin": "http://localhost:1"}), 415)
    assert upstream.received == []


@pytest.mark.parametrize("query", ["page=two", "page=1.5", "page=", "page=1&page=2", "q=a&q=b"])
def test_a_query_parameter_of_another_type(shop_client: httpx.Client, upstream: Upstream, query: str) -> None:
    name = query.partition("=")[0]
    found = problem(shop_client.get(f"/items?{query}"), 400)
    assert [each["pointer"] for each in found["violations"]] == [f"/{name}"]
    assert upstream.received == []


@pytest.mark.parametrize("path", ["/items/%ff", "/items?q=%ff", "/items?%ff=1"])
def test_a_url_that_is_not_utf8(shop_client: httpx.Client, upstream: Upstream, path: str) -> None:
    found = problem(shop_client.get(path), 400)
    assert "UTF-8" in found["detail"]
    assert upstream.received == []


@pytest.mark.parametrize("value", ["..", "%2e%2e", "%2E.", ".", "%2e"])
def test_a_path_value_that_would_climb(shop: Served, upstream: Upstream, value: str) -> None:
    request = f"GET /items/{value} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    found = problem(send_raw(shop.origin("rest"), request.encode()), 400)
    assert found["violations"][0]["pointer"] == "/id"
    assert upstream.received == []


@pytest.mark.parametrize("path", ["/", "/v2/track", "/v1", "/v1/track/more", "/v1%2Ftrack", "//v1/track"])
def test_an_unknown_path(pipelines: Served, upstream: Upstream, path: str) -> None:
    request = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    found = problem(send_raw(pipelines.origin("rest"), request.encode()), 404)
    assert found["detail"] == f"No endpoint matches {path}"
    assert upstream.received == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
def test_a_method_that_the_path_does_not_have(
    pipelines_client: httpx.Client, upstream: Upstream, method: str
) -> None:
    answer = pipelines_client.request(method, "/v1/track")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "OPTIONS, POST"
    assert answer.headers["content-type"] == "application/problem+json"
    assert upstream.received == []


def _in_chunks(size: int) -> Iterator[bytes]:
    yield from (b"x" * 1000 for _ in range(size // 1000))


def test_a_body_over_the_limit_by_its_declared_length(pipelines: Served, upstream: Upstream) -> None:
    request = f"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nContent-Length: {MAX_BODY + 1}\r\nConnection: close\r\n\r\n"
    found = problem(send_raw(pipelines.origin("rest"), request.encode()), 413)
    assert "100,000 bytes" in found["detail"]
    assert "--max-body" in found["hint"]
    assert upstream.received == []


def test_a_body_over_the_limit_in_chunks(pipelines_client: httpx.Client, upstream: Upstream) -> None:
    answer = pipelines_client.post("/v1/track", content=_in_chunks(MAX_BODY + 1000), headers=AS_JSON)
    assert "100,000 bytes" in problem(answer, 413)["detail"]
    assert upstream.received == []


def test_a_body_at_the_limit_is_taken(pipelines_client: httpx.Client, upstream: Upstream) -> None:
    body = b'{"a": "' + b"x" * (MAX_BODY - 9) + b'"}'
    assert len(body) == MAX_BODY
    assert pipelines_client.post("/v1/track", content=body, headers=AS_JSON).status_code == 200
    assert upstream.only.body == body


@pytest.mark.parametrize(
    "request_",
    [
        b"NONSENSE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
        b"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    ],
)
def test_what_is_not_http_is_refused(pipelines: Served, upstream: Upstream, request_: bytes) -> None:
    assert send_raw(pipelines.origin("rest"), request_).status_code == 400
    assert upstream.received == []


def test_a_caller_who_leaves_before_its_body_is_whole(
    pipelines: Served,
    pipelines_client: httpx.Client,
    upstream: Upstream,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with connected(pipelines.origin("rest")) as connection:
        connection.sendall(b"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
    assert pipelines_client.post("/v1/track", json={"after": True}).status_code == 200
    assert upstream.only.json == {"after": True}
    assert caplog.records == []


def test_a_caller_who_leaves_before_the_upstream_answers(
    pipelines: Served,
    pipelines_client: httpx.Client,
    upstream: Upstream,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with upstream.held(), connected(pipelines.origin("rest")) as connection:
        connection.sendall(b"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
        upstream.wait_for(1)
    assert pipelines_client.post("/v1/track", json={"after": True}).status_code == 200
    assert caplog.records == []
