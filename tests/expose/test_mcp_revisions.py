"""Every protocol revision as raw HTTP: what is negotiated, which headers are asked for, and what may be cached."""

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
    """Send a request of 2026-07-28; ``headers`` take the place of those that it must have, ``more`` join them."""
    params = {"_meta": envelope(), **params}
    must = [("mcp-protocol-version", MODERN), ("mcp-method", method)]
    message = {"id": 1, "method": method, "params": params}
    return post(url, message, *(must if headers is None else headers), *more)


def legacy(url: str, method: str, *headers: Header, **params: Any) -> httpx.Response:
    """Send a request as revisions before 2026-07-28 do."""
    return post(url, {"id": 1, "method": method, "params": params}, *headers)


def mismatch(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, HEADER_MISMATCH)
    assert answer.json()["id"] == 1


@pytest.mark.parametrize("asked", [*LEGACY, MODERN, "2030-01-01", "soon"])
def test_initialize_gives_the_version_that_is_asked_for_or_the_last_that_has_a_handshake(
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
def test_after_that_requests_name_the_version_or_none(server: str, version: str | None) -> None:
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
def test_notifications_are_taken_and_not_answered(
    server: str, method: str, params: dict[str, Any], headers: list[Header]
) -> None:
    answer = post(server, {"method": method, "params": params}, *headers)
    assert (answer.status_code, answer.content) == (202, b"")


def test_a_server_says_what_it_is_without_a_handshake(server: str) -> None:
    told = modern(server, "server/discover").json()["result"]
    assert told["supportedVersions"] == [MODERN]
    assert told["instructions"] == "Answers the official MCP conformance suite."
    assert told["_meta"][f"{KEY}serverInfo"]["name"] == "conformance"
    assert {"tools", "resources", "prompts", "completions", "logging"} <= told["capabilities"].keys()
    assert (told["ttlMs"], told["cacheScope"]) == (60_000, "public")


@pytest.mark.parametrize(
    "method", ["tools/list", "resources/list", "resources/templates/list", "prompts/list"]
)
def test_lists_say_for_how_long_they_may_be_kept(server: str, method: str) -> None:
    told = modern(server, method).json()["result"]
    assert (told["ttlMs"], told["cacheScope"], told["resultType"]) == (60_000, "public", "complete")


def test_what_is_read_may_be_kept_and_what_is_called_may_not(server: str) -> None:
    uri = "test://static-text"
    read = modern(server, "resources/read", ("mcp-name", uri), uri=uri).json()["result"]
    assert (read["ttlMs"], read["cacheScope"]) == (60_000, "public")
    name = "test_simple_text"
    called = modern(server, "tools/call", ("mcp-name", name), name=name, arguments={}).json()["result"]
    assert not called.keys() & {"ttlMs", "cacheScope"}


def test_nothing_may_be_kept_where_the_document_does_not_say_so(pipelines: Served) -> None:
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
def test_headers_that_do_not_say_what_the_request_says(server: str, headers: list[Header]) -> None:
    mismatch(modern(server, "tools/list", headers=headers))


@pytest.mark.parametrize("version", ["2025-11-25", "2030-01-01"])
def test_an_envelope_that_does_not_say_what_the_header_says(server: str, version: str) -> None:
    mismatch(modern(server, "tools/list", _meta=envelope(version)))


@pytest.mark.parametrize(
    "names", [[], ["x"], ["=?base64?!?="], ["Test_Simple_Text"], ["test_simple_text", "x"]]
)
def test_a_name_that_is_not_the_name_of_what_is_called(server: str, names: list[str]) -> None:
    headers = [("mcp-name", name) for name in names]
    mismatch(modern(server, "tools/call", *headers, name="test_simple_text", arguments={}))


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("resources/read", {"uri": "test://static-text"}),
        ("prompts/get", {"name": "test_simple_prompt"}),
    ],
)
def test_resources_and_prompts_are_named_in_the_header_too(
    server: str, method: str, params: dict[str, Any]
) -> None:
    (name,) = params.values()
    mismatch(modern(server, method, **params))
    mismatch(modern(server, method, ("mcp-name", f"{name}x"), **params))
    assert "result" in modern(server, method, ("mcp-name", name), **params).json()


def test_a_name_may_be_encoded(server: str) -> None:
    name = f"=?base64?{base64.b64encode(b'test_simple_text').decode()}?="
    answer = modern(server, "tools/call", ("mcp-name", name), name="test_simple_text", arguments={})
    assert answer.json()["result"]["content"]


def test_a_version_that_nobody_knows_is_answered_with_those_that_are_known(server: str) -> None:
    headers = [("mcp-protocol-version", "2030-01-01"), ("mcp-method", "tools/list")]
    answer = modern(server, "tools/list", headers=headers, _meta=envelope("2030-01-01"))
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == UNSUPPORTED_VERSION
    assert error["data"] == {"supported": [MODERN], "requested": "2030-01-01"}


@pytest.mark.parametrize("version", [MODERN, "1999-01-01"])
def test_a_version_without_its_envelope_is_refused(server: str, version: str) -> None:
    answer = legacy(server, "tools/list", ("mcp-protocol-version", version), ("mcp-method", "tools/list"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, INVALID_PARAMS)


@pytest.mark.parametrize("method", ["ping", "initialize", "logging/setLevel", "no/such"])
def test_what_2026_07_28_does_not_have_is_not_found(server: str, method: str) -> None:
    answer = modern(server, method)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, METHOD_NOT_FOUND)


@pytest.mark.parametrize("method", ["server/discover", "no/such"])
def test_what_earlier_revisions_do_not_have_is_not_found(server: str, method: str) -> None:
    assert legacy(server, method).json()["error"]["code"] == METHOD_NOT_FOUND


def test_what_older_clients_send_besides_is_passed_over(server: str) -> None:
    answer = modern(server, "tools/list", ("mcp-session-id", "of-old"), ("last-event-id", "5"))
    assert answer.json()["result"]["tools"]
    assert "mcp-session-id" not in answer.headers


@pytest.mark.parametrize(
    "message", [{"id": 1, "result": {}}, {"id": 1, "error": {"code": 1, "message": "x"}}]
)
def test_a_client_of_2026_07_28_answers_nothing(server: str, message: dict[str, Any]) -> None:
    answer = post(server, message, ("mcp-protocol-version", MODERN))
    assert answer.status_code == 400


def test_a_stream_is_not_held_back_by_proxies(server: str) -> None:
    name = "test_tool_with_progress"
    meta = {**envelope(), "progressToken": "t"}
    answer = modern(server, "tools/call", ("mcp-name", name), name=name, arguments={}, _meta=meta)
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["x-accel-buffering"] == "no"
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert [each.get("method") for each in events] == ["notifications/progress"] * (len(events) - 1) + [None]
    assert "result" in events[-1]
