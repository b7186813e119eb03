"""What a REST caller hears when the upstream cannot be used: 502, 503 or 504, and why."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from support.documents import CREDENTIALS, PIPELINES, SHOP, written
from support.server import serving
from support.upstream import JSON, Answer, Upstream
from support.wire import answering, problem


@contextmanager
def tracking(
    base_uri: str, *, timeout: float = 30, environment: dict[str, str] = CREDENTIALS
) -> Iterator[httpx.Client]:
    """Serve the first document in front of some address, and give a client of it."""
    settings = Settings({"pipelines-track": base_uri}, timeout=timeout, environment=environment)
    with serving(PIPELINES, settings=settings) as served, httpx.Client(base_url=served.url("rest")) as client:
        yield client


def test_an_upstream_that_is_down() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{reserved.getsockname()[1]}"
        with tracking(f"http://{address}/v1") as client:
            found = problem(client.post("/v1/track", json={}), 502)
    assert found["type"] == "urn:naftiko:problem:upstream-unreachable"
    assert found["detail"] == f"pipelines-track.trackevent: no response from {address}: cannot connect"


def test_an_upstream_whose_name_is_unknown() -> None:
    with tracking("http://no-such-host.invalid/v1") as client:
        detail = problem(client.post("/v1/track", json={}), 502)["detail"]
    assert "no response from no-such-host.invalid: cannot connect" in detail
    assert "]" not in detail


def test_an_upstream_that_speaks_no_tls(upstream: Upstream) -> None:
    with tracking(upstream.url.replace("http:", "https:"), timeout=2) as client:
        detail = problem(client.post("/v1/track", json={}), 502)["detail"]
    assert "127.0.0.1" in detail


def test_an_upstream_that_is_slow(upstream: Upstream) -> None:
    with tracking(upstream.url, timeout=0.2) as client, upstream.held():
        found = problem(client.post("/v1/track", json={}), 504)
    assert found["type"] == "urn:naftiko:problem:upstream-timeout"
    assert "did not respond within 0.2 s" in found["detail"]


@pytest.mark.parametrize("after", [0, 3])
def test_an_upstream_that_breaks_off(pipelines_client: httpx.Client, upstream: Upstream, after: int) -> None:
    upstream.answers(Answer(200, b'{"ok": true}', cut_after=after))
    found = problem(pipelines_client.post("/v1/track", json={}), 502)
    assert found["detail"].endswith("it closed the connection")


def test_an_upstream_that_miscompresses(pipelines_client: httpx.Client, upstream: Upstream) -> None:
    upstream.answers(Answer(200, b"not gzip", (*JSON, ("content-encoding", "gzip"))))
    found = problem(pipelines_client.post("/v1/track", json={}), 502)
    assert found["detail"].endswith("its Content-Encoding does not fit what it sent")


@pytest.mark.parametrize("status", [600, 999])
def test_an_upstream_status_that_http_does_not_have(
    pipelines_client: httpx.Client, upstream: Upstream, status: int
) -> None:
    upstream.answers(Answer(status, b"no"))
    assert str(status) in problem(pipelines_client.post("/v1/track", json={}), 502)["detail"]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"<html>", (("content-type", "text/html; charset=utf-8"),)),
        Answer(200, b"{broken"),
        Answer(200, b"plain", ()),
    ],
)
def test_an_answer_that_is_not_json_where_a_piece_of_json_is_wanted(
    shop_client: httpx.Client, upstream: Upstream, answer: Answer
) -> None:
    upstream.answers(answer)
    found = problem(shop_client.get("/items/1/name"), 502)
    assert found["type"] == "urn:naftiko:problem:undecodable-response"
    assert found["detail"].startswith("shop.get-item returned a response that is not JSON")


def test_an_upstream_error_is_passed_on_where_a_piece_is_wanted(
    shop_client: httpx.Client, upstream: Upstream
) -> None:
    upstream.answers(Answer(404, b'{"name": "of the error"}'))
    got = shop_client.get("/items/1/name")
    assert (got.status_code, got.content) == (404, b'{"name": "of the error"}')


@pytest.mark.parametrize("environment", [{}, {"CUSTOMER_IO_PASS": "only"}])
def test_missing_credentials_name_the_variable_and_send_nothing(
    upstream: Upstream, environment: dict[str, str]
) -> None:
    with tracking(upstream.url, environment=environment) as client:
        found = problem(client.post("/v1/track", json={}), 503)
    missing = sorted({"CUSTOMER_IO_USER", "CUSTOMER_IO_PASS"} - environment.keys())
    assert found["missing"] == missing
    assert "CUSTOMER_IO_USER" in found["detail"]
    assert "pipelines-track.trackevent" in found["detail"]
    assert "environment" in found["hint"]
    assert upstream.received == []


@pytest.mark.parametrize("token", ["two\nlines", "with\rreturn", "nul\0"])
def test_a_credential_that_no_header_can_carry_is_told_without_showing_it(
    upstream: Upstream, tmp_path: Path, token: str
) -> None:
    settings = Settings({"shop": upstream.url}, environment={"SHOP_TOKEN": token})
    with serving(written(tmp_path, SHOP), settings=settings) as served:
        answer = httpx.get(served.url("rest") + "/items")
    assert "header" in problem(answer, 502)["detail"]
    assert token[:3] not in answer.text
    assert upstream.received == []


@pytest.mark.parametrize("line", [b"X-Request-Id: a\0b", b"ETag: \0", b"X-Request-Id\0: a"])
def test_a_nul_in_the_head_of_an_answer_is_a_502(line: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%b\r\nContent-Length: 2\r\n\r\n{}"
    with answering(head % line) as url, tracking(url) as client:
        found = problem(client.post("/v1/track", json={}), 502)
    assert found["detail"].endswith("its response is not valid HTTP")
