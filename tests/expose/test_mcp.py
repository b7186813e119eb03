"""The MCP adapter, called by the official client in both protocol generations."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from mcp.client.client import Client

from naftiko_run import Settings, _json, load
from naftiko_run.invoke import Outcome
from support.documents import CREDENTIALS, PIPELINES
from support.mcp_client import ERAS, call_tool, error_of_call, list_tools, text_of, with_client
from support.server import Served, serving
from support.upstream import JSON, PATIENCE, Answer, Received, Upstream

MODES = pytest.mark.parametrize("mode", ERAS)
TEXT = (("content-type", "text/plain"),)


@MODES
def test_server_info_describes_the_capability(pipelines: Served, mode: str) -> None:
    async def use(client: Client) -> None:
        assert client.protocol_version == ERAS[mode]
        assert client.server_info is not None
        assert client.server_info.name == "pipelines-track-mcp"
        assert client.server_info.title == "Customer.io Pipelines API — Track"
        assert client.server_capabilities.tools is not None
        assert client.server_capabilities.resources is None
        assert client.server_capabilities.prompts is None
        assert (client.instructions or "").startswith("MCP adapter for Customer.io Pipelines API")

    with_client(pipelines.url("mcp"), mode, use)


@MODES
@pytest.mark.parametrize("path", ["/mcp", "/", "/pipelines-track-mcp/mcp", "/mcp/"])
def test_every_path_lists_the_tool_of_the_first_document(pipelines: Served, mode: str, path: str) -> None:
    (tool,) = list_tools(pipelines.origin("mcp") + path, mode)
    assert tool.model_dump(by_alias=True, exclude_none=True) == {
        "name": "track-event",
        "description": "Track an event",
        "inputSchema": {
            "type": "object",
            "properties": {"body": {"type": "object", "description": "Request body (JSON)."}},
            "required": ["body"],
        },
        "annotations": {"readOnlyHint": False, "destructiveHint": False, "idempotentHint": False},
    }


@MODES
def test_a_call_sends_the_same_request_as_the_rest_adapter(
    pipelines: Served, upstream: Upstream, mode: str
) -> None:
    upstream.answers_json({"success": True})
    result = call_tool(pipelines.url("mcp"), "track-event", {"body": {"event": "signup"}}, mode)
    assert not result.is_error
    assert result.structured_content == {"success": True}
    assert text_of(result) == '{"success":true}'
    sent = upstream.only
    user, password = CREDENTIALS["CUSTOMER_IO_USER"], CREDENTIALS["CUSTOMER_IO_PASS"]
    assert (sent.method, sent.target) == ("POST", "/v1/track")
    assert sent.header("authorization") == f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"
    assert sent.header("content-type") == "application/json"
    assert sent.json == {"event": "signup"}


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"[1, 2]", [1, 2]),
        (b"[]", []),
        (b"7", 7),
        (b"false", False),
        (b'"words"', "words"),
        (b"{}", {}),
        (b'{"id": 12345678901234567890123}', {"id": 12345678901234567890123}),
    ],
)
@MODES
def test_any_json_becomes_structured_content_and_text(
    pipelines: Served, upstream: Upstream, mode: str, body: bytes, value: Any
) -> None:
    upstream.answers(Answer(200, body))
    result = call_tool(pipelines.url("mcp"), "track-event", {"body": {}}, mode)
    # Before 2026-07-28 structured content had to be an object.
    wrapped = mode == "legacy" and not isinstance(value, dict)
    assert not result.is_error
    assert result.structured_content == ({"result": value} if wrapped else value)
    assert text_of(result) == body.decode().replace(" ", "")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Answer(200, b"hello", TEXT), "hello"),
        (Answer(200, "<p>é</p>".encode(), (("content-type", "text/html"),)), "<p>é</p>"),
        (Answer(200, b"{broken"), "{broken"),
        (Answer(200, b"", ()), "200 OK, without content"),
        (Answer(204, b"", ()), "204 No Content, without content"),
        (Answer(202, b""), "202 Accepted, without content"),
    ],
)
@MODES
def test_non_json_becomes_text(
    pipelines: Served, upstream: Upstream, mode: str, answer: Answer, text: str
) -> None:
    upstream.answers(answer)
    result = call_tool(pipelines.url("mcp"), "track-event", {"body": {}}, mode)
    assert not result.is_error
    assert result.structured_content is None
    assert text_of(result) == text


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            Answer(409, b'{"error": "bad"}'),
            (
                {"status": 409, "body": {"error": "bad"}},
                'The upstream responded with 409 Conflict:\n{"error":"bad"}',
            ),
        ),
        (
            Answer(429, b"slow down", (*TEXT, ("retry-after", "7"))),
            (
                {"status": 429, "body": "slow down", "retryAfter": "7"},
                "The upstream responded with 429 Too Many Requests (retry after 7):\nslow down",
            ),
        ),
        (
            Answer(500, b""),
            ({"status": 500, "body": ""}, "The upstream responded with 500 Internal Server Error"),
        ),
        (
            Answer(999, b"no", TEXT),
            ({"status": 999, "body": "no"}, "The upstream responded with 999:\nno"),
        ),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else "",
)
@MODES
def test_an_upstream_failure_is_an_error_with_its_status_and_body(
    pipelines: Served, upstream: Upstream, mode: str, answer: Answer, told: tuple[Any, str]
) -> None:
    upstream.answers(answer)
    result = call_tool(pipelines.url("mcp"), "track-event", {"body": {}}, mode)
    assert result.is_error
    assert (result.structured_content, text_of(result)) == told


@MODES
def test_an_upstream_that_closes_the_connection_early_is_an_error(
    pipelines: Served, upstream: Upstream, mode: str
) -> None:
    upstream.answers(Answer(200, b'{"ok": true}', cut_after=3))
    result = call_tool(pipelines.url("mcp"), "track-event", {"body": {}}, mode)
    assert result.is_error
    assert "closed the connection" in text_of(result)


@MODES
def test_an_upstream_that_is_slow_is_an_error(upstream: Upstream, mode: str) -> None:
    settings = Settings({"pipelines-track": upstream.url}, timeout=0.2, environment=CREDENTIALS)
    with serving(PIPELINES, settings=settings) as served, upstream.held():
        result = call_tool(served.url("mcp"), "track-event", {"body": {}}, mode)
    assert result.is_error
    assert "did not respond within 0.2 s" in text_of(result)


@MODES
def test_invalid_arguments_are_an_error_with_every_violation(
    shop: Served, upstream: Upstream, mode: str
) -> None:
    result = call_tool(shop.url("mcp"), "add-order", {"count": "many"}, mode)
    assert result.is_error
    assert text_of(result).splitlines() == [
        "The arguments do not match the tool's input schema:",
        "- /sku is required",
        "- /count must be an integer, not text",
    ]
    assert upstream.received == []


@pytest.mark.parametrize("arguments", [None, {}, {"body": "text"}, {"body": None}, {"body": [1]}])
@MODES
def test_a_body_that_is_missing_or_not_an_object_is_an_error(
    pipelines: Served, upstream: Upstream, mode: str, arguments: dict[str, Any] | None
) -> None:
    result = call_tool(pipelines.url("mcp"), "track-event", arguments, mode)
    assert result.is_error
    assert "/body" in text_of(result)
    assert upstream.received == []


@pytest.mark.parametrize("value", ["..", ".", ""])
def test_an_argument_that_would_escape_its_path_segment_is_an_error(
    shop: Served, upstream: Upstream, value: str
) -> None:
    result = call_tool(shop.url("mcp"), "get-item", {"id": value})
    assert result.is_error
    assert "- /id " in text_of(result)
    assert upstream.received == []


def test_an_argument_with_a_line_break_cannot_become_a_header(shop: Served, upstream: Upstream) -> None:
    result = call_tool(shop.url("mcp"), "get-item", {"id": "1", "X-Trace": "a\r\nX-Admin: yes"})
    assert result.is_error
    assert "- /X-Trace contains a line break" in text_of(result)
    assert upstream.received == []


def test_arguments_are_sent_where_the_consumed_operation_declares_them(
    shop: Served, upstream: Upstream
) -> None:
    call_tool(shop.url("mcp"), "get-item", {"id": "a/b ü", "X-Trace": "t-1"})
    assert upstream.only.target == "/api/items/a%2Fb%20%C3%BC"
    assert upstream.only.header("x-trace") == "t-1"


@MODES
def test_missing_credentials_are_an_error_with_their_names(upstream: Upstream, mode: str) -> None:
    settings = Settings({"pipelines-track": upstream.url}, environment={})
    with serving(PIPELINES, settings=settings) as served:
        result = call_tool(served.url("mcp"), "track-event", {"body": {}}, mode)
    assert result.is_error
    assert "CUSTOMER_IO_PASS, CUSTOMER_IO_USER, which are not set" in text_of(result)
    assert upstream.received == []


@MODES
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("no-such-tool", "tools/list lists the available tools"),
        ("track-evnt", "did you mean `track-event`?"),
    ],
)
def test_an_unknown_tool_is_a_protocol_error_with_a_hint(
    pipelines: Served, upstream: Upstream, mode: str, name: str, hint: str
) -> None:
    error = error_of_call(pipelines.url("mcp"), name, {}, mode)
    assert error.code == -32602
    assert error.message == f"Unknown tool `{name}`; {hint}"
    assert upstream.received == []


@MODES
def test_an_internal_error_shows_only_an_id(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(environment=CREDENTIALS)
    capability = load(PIPELINES, settings)
    broken = {at: replace(function, _plan=Broken()) for at, function in capability.functions.items()}
    with serving(replace(capability, functions=broken), settings=settings) as served:
        error = error_of_call(served.url("mcp"), "track-event", {"body": {}}, mode)
    assert error.code == -32603
    assert set(error.data) == {"id"}
    assert "what only we should read" not in error.message
    assert error.data["id"] in caplog.text
    assert "what only we should read" in caplog.text


class Broken:
    """A plan that raises an unexpected exception."""

    async def run(self, *_: Any, **__: Any) -> Outcome:
        raise RuntimeError("what only we should read")


@MODES
@pytest.mark.parametrize("levels", [101, 197, 253, 1000])
@pytest.mark.parametrize("status", [200, 500])
def test_a_response_nested_too_deeply_for_clients_is_only_text(
    pipelines: Served, upstream: Upstream, mode: str, levels: int, status: int
) -> None:
    body = "[" * levels + "]" * levels
    upstream.answers(Answer(status, body.encode(), JSON))
    result = call_tool(pipelines.url("mcp"), "track-event", {"body": {}}, mode)
    assert result.is_error == (status == 500)
    assert result.structured_content is None
    assert text_of(result).endswith(body)


@MODES
def test_a_response_that_clients_can_parse_is_structured(
    pipelines: Served, upstream: Upstream, mode: str
) -> None:
    body = b'{"a":' * 100 + b"1" + b"}" * 100
    upstream.answers(Answer(200, body, JSON))
    result = call_tool(pipelines.url("mcp"), "track-event", {"body": {}}, mode)
    assert _json.dumps(result.structured_content) == body == text_of(result).encode()


@MODES
def test_fifty_concurrent_calls_each_get_their_own_result(
    shop: Served, upstream: Upstream, mode: str
) -> None:
    upstream.answers(lambda request: Answer(200, request.path.encode(), TEXT))

    async def use(client: Client) -> list[str]:
        calls = (client.call_tool("get-item", {"id": str(number)}) for number in range(50))
        return [text_of(result) for result in await asyncio.wait_for(asyncio.gather(*calls), PATIENCE)]

    assert with_client(shop.url("mcp"), mode, use) == [f"/api/items/{number}" for number in range(50)]


@MODES
def test_several_calls_of_one_client(shop: Served, upstream: Upstream, mode: str) -> None:
    def answer(request: Received) -> Answer:
        return Answer(200, b'"found"', JSON) if request.path.endswith("/1") else Answer(404, b'"none"', JSON)

    async def use(client: Client) -> list[bool]:
        results = [await client.call_tool("get-item", {"id": key}) for key in ("1", "2", "1")]
        return [bool(result.is_error) for result in results]

    upstream.answers(answer)
    assert with_client(shop.url("mcp"), mode, use) == [False, True, False]
