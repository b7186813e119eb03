"""MCP as plain HTTP: which requests the endpoint accepts and rejects, and that it is stateless."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from itertools import cycle
from typing import Any

import httpx
import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from expose.conftest import MAX_BODY
from naftiko_run import Settings
from support.documents import CREDENTIALS, PIPELINES
from support.mcp_client import ERAS, run_async
from support.process import FREE_PORTS, READY, launched
from support.server import Served, serving
from support.upstream import Upstream
from support.wire import connected, problem, send_raw

HEADERS = {"content-type": "application/json", "accept": "application/json, text/event-stream"}


def message(method: str, **params: Any) -> dict[str, Any]:
    """Return a JSON-RPC request."""
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


CALL = message("tools/call", name="track-event", arguments={"body": {"event": "signup"}})
INITIALIZE = message(
    "initialize",
    protocolVersion="2025-06-18",
    capabilities={},
    clientInfo={"name": "a client", "version": "1"},
)


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
def test_every_legacy_protocol_version_is_supported(pipelines: Served, version: str) -> None:
    offered = {**INITIALIZE, "params": {**INITIALIZE["params"], "protocolVersion": version}}
    answer = httpx.post(pipelines.url("mcp"), json=offered, headers=HEADERS)
    assert answer.json()["result"]["protocolVersion"] == version


def test_a_call_needs_no_session(pipelines: Served, upstream: Upstream) -> None:
    answer = httpx.post(pipelines.url("mcp"), json=CALL, headers=HEADERS)
    assert answer.json()["result"]["structuredContent"] == {"ok": True}
    assert "mcp-session-id" not in answer.headers
    assert upstream.only.json == {"event": "signup"}


def test_an_unknown_session_id_is_ignored(pipelines: Served, upstream: Upstream) -> None:
    headers = {**HEADERS, "mcp-session-id": "of-another-replica"}
    answer = httpx.post(pipelines.url("mcp"), json=CALL, headers=headers)
    assert answer.status_code == 200
    assert len(upstream.received) == 1


@pytest.mark.parametrize("sent", [CALL, INITIALIZE])
def test_text_json_is_accepted_as_json(pipelines: Served, sent: dict[str, Any]) -> None:
    headers = {**HEADERS, "content-type": "text/json; charset=utf-8"}
    answer = httpx.post(pipelines.url("mcp"), content=json.dumps(sent), headers=headers)
    assert answer.status_code == 200
    assert "result" in answer.json()


@pytest.mark.parametrize("sent", [CALL, INITIALIZE])
@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "*/*;q=0"])
def test_a_client_that_accepts_neither_json_nor_event_streams_is_rejected(
    pipelines: Served, sent: dict[str, Any], accept: str
) -> None:
    answer = httpx.post(pipelines.url("mcp"), json=sent, headers={**HEADERS, "accept": accept})
    assert "application/json" in problem(answer, 406)["hint"]


@pytest.mark.parametrize(
    "accept", [None, "", ",", "application/json", "*/*", "text/html, application/*;q=0.1"]
)
def test_a_client_need_not_accept_event_streams(pipelines: Served, accept: str | None) -> None:
    with httpx.Client() as client:
        del client.headers["accept"]
        headers = {"accept": accept} if accept is not None else {}
        answer = client.post(pipelines.url("mcp"), json=INITIALIZE, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"


def test_a_notification_is_accepted_without_a_response_body(pipelines: Served) -> None:
    notification = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    answer = httpx.post(pipelines.url("mcp"), json=notification, headers=HEADERS)
    assert (answer.status_code, answer.content) == (202, b"")


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/mcp", "/", "/pipelines-track-mcp/mcp"])
def test_methods_other_than_post_are_rejected(pipelines: Served, method: str, path: str) -> None:
    answer = httpx.request(method, pipelines.origin("mcp") + path)
    problem(answer, 405)
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/sse", "/other/mcp", "/mcp/more", "/v1/track"])
def test_other_paths_are_not_found(pipelines: Served, path: str) -> None:
    problem(httpx.post(pipelines.origin("mcp") + path, json=INITIALIZE, headers=HEADERS), 404)


BAD_NUMBER = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "track-event", "arguments": {"body": {"n": %s}}}}'


@pytest.mark.parametrize(
    "body", [b"{", b"", b"hello", b"\xff{}", b"[" * 10_000, BAD_NUMBER % b"NaN", BAD_NUMBER % b"1e999"]
)
def test_a_body_that_is_not_json(pipelines: Served, upstream: Upstream, body: bytes) -> None:
    answer = httpx.post(pipelines.url("mcp"), content=body, headers=HEADERS)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == -32700
    assert answer.json()["id"] is None
    assert "Traceback" not in answer.text
    assert upstream.received == []


@pytest.mark.parametrize("body", [b"[]", b"{}", b"7", b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}'])
def test_json_that_is_not_a_request(pipelines: Served, upstream: Upstream, body: bytes) -> None:
    answer = httpx.post(pipelines.url("mcp"), content=body, headers=HEADERS)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in (-32600, -32602)
    assert upstream.received == []


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (message("resources/list"), -32601),
        (message("no/such/method"), -32601),
        (message("tools/call"), -32602),
        (message("tools/call", name="track-event", arguments=[1]), -32602),
        (message("tools/call", name="nope", arguments={}), -32602),
    ],
)
def test_an_unknown_method_or_invalid_params_is_an_error(
    pipelines: Served, upstream: Upstream, sent: dict[str, Any], code: int
) -> None:
    answer = httpx.post(pipelines.url("mcp"), json=sent, headers=HEADERS)
    assert answer.json()["error"]["code"] == code
    assert answer.json()["id"] == 1
    assert upstream.received == []


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_content_type(pipelines: Served, upstream: Upstream, media_type: str) -> None:
    headers = {"content-type": media_type} if media_type else {}
    answer = httpx.post(pipelines.url("mcp"), content=json.dumps(CALL), headers=headers)
    assert "application/json" in problem(answer, 415)["hint"]
    assert upstream.received == []


def test_a_body_over_the_limit_by_its_declared_length(pipelines: Served) -> None:
    request = (
        f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {MAX_BODY + 1}\r\nConnection: close\r\n\r\n"
    )
    assert "--max-body" in problem(send_raw(pipelines.origin("mcp"), request.encode()), 413)["hint"]


def test_white_space_around_a_header_value_is_ignored(pipelines: Served) -> None:
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    body = json.dumps(message("tools/list", _meta=meta)).encode()
    head = (
        "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept:\t*/* \r\n"
        "MCP-Protocol-Version:  2026-07-28  \r\nMcp-Method:  tools/list\t\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    answer = send_raw(pipelines.origin("mcp"), head.encode() + body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["tools"]


def test_a_body_over_the_limit_in_chunks(pipelines: Served, upstream: Upstream) -> None:
    def chunks() -> Iterator[bytes]:
        yield json.dumps(CALL).encode()
        yield from (b" " * 1000 for _ in range(MAX_BODY // 1000))

    answer = httpx.post(pipelines.url("mcp"), content=chunks(), headers=HEADERS)
    assert "--max-body" in problem(answer, 413)["hint"]
    assert upstream.received == []


def test_a_client_that_disconnects_before_its_body_is_complete(
    pipelines: Served, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(pipelines.origin("mcp")) as connection:
        connection.sendall(
            b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        )
    assert httpx.post(pipelines.url("mcp"), json=CALL, headers=HEADERS).status_code == 200
    assert len(upstream.received) == 1
    assert caplog.records == []


def test_a_client_that_disconnects_before_the_upstream_responds(
    pipelines: Served, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps(CALL).encode()
    head = (
        b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Accept: */*\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    with upstream.held(), connected(pipelines.origin("mcp")) as connection:
        connection.sendall(head + body)
        upstream.wait_for(1)
    assert httpx.post(pipelines.url("mcp"), json=CALL, headers=HEADERS).status_code == 200
    assert caplog.records == []


@pytest.mark.parametrize("host", ["evil.example", "evil.example:9090", "127.0.0.1.evil.example", "[::2]"])
def test_a_foreign_host_is_rejected(pipelines: Served, upstream: Upstream, host: str) -> None:
    answer = httpx.post(pipelines.url("mcp"), json=CALL, headers={**HEADERS, "host": host})
    found = problem(answer, 421)
    assert "--allow-host" in found["hint"]
    assert upstream.received == []


@pytest.mark.parametrize("origin", ["http://evil.example", "https://localhost.evil.example", "null"])
def test_a_foreign_origin_is_rejected(pipelines: Served, upstream: Upstream, origin: str) -> None:
    answer = httpx.post(pipelines.url("mcp"), json=CALL, headers={**HEADERS, "origin": origin})
    found = problem(answer, 403)
    assert "--allow-host" in found["hint"]
    assert upstream.received == []


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "localhost"},
        {"host": "LOCALHOST:9090"},
        {"host": "[::1]:9090"},
        {"origin": "http://localhost:5173"},
        {"origin": "http://127.0.0.1"},
    ],
)
def test_local_host_names_are_accepted(pipelines: Served, headers: dict[str, str]) -> None:
    assert (
        httpx.post(pipelines.url("mcp"), json=INITIALIZE, headers={**HEADERS, **headers}).status_code == 200
    )


def test_only_an_allowed_host_is_accepted() -> None:
    settings = Settings(sandbox=True, environment={})
    with serving(PIPELINES, settings=settings, allowed_hosts=["mcp.example"]) as served:
        for headers, status in (
            ({"host": "mcp.example"}, 200),
            ({"host": "mcp.example:443", "origin": "https://mcp.example"}, 200),
            ({"host": "127.0.0.1"}, 200),
            ({"host": "other.example"}, 421),
            ({"host": "mcp.example", "origin": "https://other.example"}, 403),
        ):
            answer = httpx.post(served.url("mcp"), json=INITIALIZE, headers={**HEADERS, **headers})
            assert answer.status_code == status, headers


class InTurns(httpx2.AsyncHTTPTransport):
    """A load balancer that sends each request to the next server."""

    def __init__(self, origins: list[str]) -> None:
        super().__init__()
        self._origins = cycle(httpx2.URL(origin) for origin in origins)
        self.asked: list[int | None] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        origin = next(self._origins)
        self.asked.append(origin.port)
        request.url = request.url.copy_with(host=origin.host, port=origin.port)
        return await super().handle_async_request(request)


def test_any_replica_can_answer_any_request(upstream: Upstream) -> None:
    arguments = (PIPELINES, *FREE_PORTS, "--base-uri", f"pipelines-track={upstream.url}/v1")
    with (
        launched(*arguments, environment=CREDENTIALS) as one,
        launched(*arguments, environment=CREDENTIALS) as two,
    ):
        one.wait_for_line(READY)
        two.wait_for_line(READY)
        for mode in ERAS:
            upstream.reset()
            balancer = InTurns([one.url("mcp"), two.url("mcp")])
            assert run_async(partial(_call_four_times, balancer, one.url("mcp"), mode)) == [{"ok": True}] * 4
            assert len(set(balancer.asked)) == 2
            assert [request.json for request in upstream.received] == [{"n": n} for n in range(4)]


async def _call_four_times(balancer: InTurns, url: str, mode: str) -> list[Any]:
    async with (
        httpx2.AsyncClient(transport=balancer) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        assert len((await client.list_tools()).tools) == 1
        results = [await client.call_tool("track-event", {"body": {"n": n}}) for n in range(4)]
        return [result.structured_content for result in results]
