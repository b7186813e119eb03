"""Every protocol version over raw HTTP: negotiation, required headers and caching."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest

from naftiko_run import Settings
from support.process import ROOT
from support.server import Served, serving

KEY = "io.modelcontextprotocol/"
MODERN = "2026-07-28"
LEGACY = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
TAKEN = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
HEADER_MISMATCH, UNSUPPORTED_VERSION = -32020, -32022
METHOD_NOT_FOUND, INVALID_PARAMS = -32601, -32602

Header = tuple[str, str]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The document with tools, resources and prompts: ``capabilities/mcp-conformance.yaml``."""
    with serving(ROOT / "capabilities/mcp-conformance.yaml", settings=Settings(environment={})) as served:
        yield served.url("mcp")


def envelope(version: str = MODERN) -> dict[str, Any]:
    return {
        f"{KEY}protocolVersion": version,
        f"{KEY}clientInfo": {"name": "a client", "version": "1"},
        f"{KEY}clientCapabilities": {},
    }


def post(url: str, message: dict[str, Any], *headers: Header) -> httpx.Response:
    return httpx.post(url, json={"jsonrpc": "2.0", **message}, headers=[*TAKEN.items(), *headers])


def modern(
    url: str, method: str, *more: Header, headers: Sequence[Header] | None = None, **params: Any
) -> httpx.Response:
    """Send a request of 2026-07-28; ``headers`` replace the required ones, and ``more`` are added."""
    params = {"_meta": envelope(), **params}
    must = [("mcp-protocol-version", MODERN), ("mcp-method", method)]
    message = {"id": 1, "method": method, "params": params}
    return post(url, message, *(must if headers is None else headers), *more)


def legacy(url: str, method: str, *headers: Header, **params: Any) -> httpx.Response:
    """Send a request of a version before 2026-07-28."""
    return post(url, {"id": 1, "method": method, "params": params}, *headers)


def mismatch(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, HEADER_MISMATCH)
    assert answer.json()["id"] == 1


@pytest.mark.parametrize("asked", [*LEGACY, MODERN, "2030-01-01", "soon"])
def test_initialize_returns_the_requested_version_or_the_last_with_a_handshake(
    pipelines: Served, asked: str
) -> None:
    client = {"name": "a client", "version": "1"}
    answer = legacy(
        pipelines.url("mcp"), "initialize", protocolVersion=asked, capabilities={}, clientInfo=client
    )
    told = answer.json()["result"]
    assert told["protocolVersion"] == (asked if asked in LEGACY else LEGACY[-1])
    assert told["serverInfo"]["name"] == "pipelines-track-mcp"
    assert "mcp-session-id" not in answer.headers


@pytest.mark.parametrize("version", [None, *LEGACY])
def test_requests_after_initialize_may_name_the_version(server: str, version: str | None) -> None:
    headers = [("mcp-protocol-version", version)] if version else []
    assert legacy(server, "ping", *headers).json()["result"] == {}
    tools = legacy(server, "tools/list", *headers).json()["result"]
    assert tools["tools"]
    assert not tools.keys() & {"ttlMs", "cacheScope", "resultType"}
    called = legacy(server, "tools/call", *headers, name="test_simple_text", arguments={}).json()["result"]
    assert called["content"][0]["text"] == "This is a simple text response for testing."


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("notifications/initialized", {}),
        ("notifications/cancelled", {"requestId": 7}),
        ("notifications/of-tomorrow", {}),
    ],
)
@pytest.mark.parametrize("headers", [[], [("mcp-protocol-version", MODERN)]])
def test_notifications_are_accepted_without_a_response(
    server: str, method: str, params: dict[str, Any], headers: list[Header]
) -> None:
    answer = post(server, {"method": method, "params": params}, *headers)
    assert (answer.status_code, answer.content) == (202, b"")


def test_server_info_is_available_without_a_handshake(server: str) -> None:
    told = modern(server, "server/discover").json()["result"]
    assert told["supportedVersions"] == [MODERN]
    assert told["instructions"] == "Answers the official MCP conformance suite."
    assert told["_meta"][f"{KEY}serverInfo"]["name"] == "conformance"
    assert {"tools", "resources", "prompts", "completions", "logging"} <= told["capabilities"].keys()
    assert (told["ttlMs"], told["cacheScope"]) == (60_000, "public")


@pytest.mark.parametrize(
    "method", ["tools/list", "resources/list", "resources/templates/list", "prompts/list"]
)
def test_lists_have_cache_hints(server: str, method: str) -> None:
    told = modern(server, method).json()["result"]
    assert (told["ttlMs"], told["cacheScope"], told["resultType"]) == (60_000, "public", "complete")


def test_reads_have_cache_hints_but_calls_do_not(server: str) -> None:
    uri = "test://static-text"
    read = modern(server, "resources/read", ("mcp-name", uri), uri=uri).json()["result"]
    assert (read["ttlMs"], read["cacheScope"]) == (60_000, "public")
    name = "test_simple_text"
    called = modern(server, "tools/call", ("mcp-name", name), name=name, arguments={}).json()["result"]
    assert not called.keys() & {"ttlMs", "cacheScope"}


def test_nothing_may_be_cached_by_default(pipelines: Served) -> None:
    told = modern(pipelines.url("mcp"), "tools/list").json()["result"]
    assert (told["ttlMs"], told["cacheScope"]) == (0, "private")


@pytest.mark.parametrize(
    "headers",
    [
        [("mcp-protocol-version", MODERN)],
        [("mcp-protocol-version", MODERN), ("mcp-method", "tools/call")],
        [("mcp-protocol-version", MODERN), ("mcp-method", "Tools/List")],
        [("mcp-protocol-version", MODERN), ("mcp-method", "tools/list"), ("mcp-method", "tools/call")],
        [("mcp-protocol-version", "2025-11-25"), ("mcp-method", "tools/list")],
        [("mcp-protocol-version", "2025-11-25")],
        [("mcp-protocol-version", "2030-01-01"), ("mcp-method", "tools/list")],
    ],
    ids=str,
)
def test_headers_must_match_the_request(server: str, headers: list[Header]) -> None:
    mismatch(modern(server, "tools/list", headers=headers))


@pytest.mark.parametrize("version", ["2025-11-25", "2030-01-01"])
def test_an_envelope_must_match_the_header(server: str, version: str) -> None:
    mismatch(modern(server, "tools/list", _meta=envelope(version)))


@pytest.mark.parametrize(
    "names", [[], ["x"], ["=?base64?!?="], ["Test_Simple_Text"], ["test_simple_text", "x"]]
)
def test_the_name_header_must_match_the_called_tool(server: str, names: list[str]) -> None:
    headers = [("mcp-name", name) for name in names]
    mismatch(modern(server, "tools/call", *headers, name="test_simple_text", arguments={}))


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("resources/read", {"uri": "test://static-text"}),
        ("prompts/get", {"name": "test_simple_prompt"}),
    ],
)
def test_the_name_header_is_required_for_resources_and_prompts_too(
    server: str, method: str, params: dict[str, Any]
) -> None:
    (name,) = params.values()
    mismatch(modern(server, method, **params))
    mismatch(modern(server, method, ("mcp-name", f"{name}x"), **params))
    assert "result" in modern(server, method, ("mcp-name", name), **params).json()


def test_a_name_header_may_be_encoded(server: str) -> None:
    name = f"=?base64?{base64.b64encode(b'test_simple_text').decode()}?="
    answer = modern(server, "tools/call", ("mcp-name", name), name="test_simple_text", arguments={})
    assert answer.json()["result"]["content"]


def test_an_unknown_version_is_an_error_with_the_supported_versions(server: str) -> None:
    headers = [("mcp-protocol-version", "2030-01-01"), ("mcp-method", "tools/list")]
    answer = modern(server, "tools/list", headers=headers, _meta=envelope("2030-01-01"))
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == UNSUPPORTED_VERSION
    assert error["data"] == {"supported": [MODERN], "requested": "2030-01-01"}


@pytest.mark.parametrize("version", [MODERN, "1999-01-01"])
def test_a_version_without_its_envelope_is_rejected(server: str, version: str) -> None:
    answer = legacy(server, "tools/list", ("mcp-protocol-version", version), ("mcp-method", "tools/list"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, INVALID_PARAMS)


@pytest.mark.parametrize("method", ["ping", "initialize", "logging/setLevel", "no/such"])
def test_methods_absent_from_2026_07_28_are_not_found(server: str, method: str) -> None:
    answer = modern(server, method)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, METHOD_NOT_FOUND)


@pytest.mark.parametrize("method", ["server/discover", "no/such"])
def test_methods_absent_from_legacy_versions_are_not_found(server: str, method: str) -> None:
    assert legacy(server, method).json()["error"]["code"] == METHOD_NOT_FOUND


def test_additional_members_of_legacy_clients_are_ignored(server: str) -> None:
    answer = modern(server, "tools/list", ("mcp-session-id", "of-old"), ("last-event-id", "5"))
    assert answer.json()["result"]["tools"]
    assert "mcp-session-id" not in answer.headers


@pytest.mark.parametrize(
    "message", [{"id": 1, "result": {}}, {"id": 1, "error": {"code": 1, "message": "x"}}]
)
def test_a_client_of_2026_07_28_sends_no_responses(server: str, message: dict[str, Any]) -> None:
    answer = post(server, message, ("mcp-protocol-version", MODERN))
    assert answer.status_code == 400


def test_a_stream_is_not_buffered_by_proxies(server: str) -> None:
    name = "test_tool_with_progress"
    meta = {**envelope(), "progressToken": "t"}
    answer = modern(server, "tools/call", ("mcp-name", name), name=name, arguments={}, _meta=meta)
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["x-accel-buffering"] == "no"
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert [each.get("method") for each in events] == ["notifications/progress"] * (len(events) - 1) + [None]
    assert "result" in events[-1]
