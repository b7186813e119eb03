"""The fast path of tool calls: responses equal those of the SDK in every member."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mcp.shared.exceptions import MCPError
from mcp_types.version import KNOWN_PROTOCOL_VERSIONS

from naftiko_run import Settings
from naftiko_run.expose.body import read_body
from naftiko_run.expose.exposer import Receive, Scope, Send
from naftiko_run.expose.mcp.fast_path import FastPath, FastPathTool, unique_headers
from naftiko_run.expose.mcp.jsonrpc import ParsedMessage, read_message
from naftiko_run.expose.mcp.results import JsonFragment, json_fragment
from naftiko_run.expose.response import respond
from naftiko_run.invoke import Outcome
from support.asgi_client import client_of
from support.documents import written
from support.server import Served, serving
from support.upstream import JSON, Answer, Upstream

DOCUMENT = """
naftiko: 1.0.0-alpha2
info: {{label: Direct, version: "7"}}
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: {url}
    resources:
    - path: /things
      operations:
      - {{name: send, method: POST, inputParameters: [{{name: body, in: body, type: object}}]}}
      - {{name: get, method: GET, inputParameters: [{{name: id, in: query, type: integer, required: true}}]}}
  exposes:
  - type: mcp
    namespace: m
    tools:
    - {{name: send, description: Sends, call: api.send}}
    - {{name: get, description: Gets, call: api.get}}
    - {{name: short, description: Sends, call: api.send, x-maxResult: 100}}
    - name: kept
      description: Sends
      call: api.send
      outputParameters: [{{type: object, mapping: $., properties: {{a: {{type: integer}}}}}}]
    - {{name: whole, description: Sends, call: api.send, outputParameters: [{{type: object}}]}}
    - {{name: shown, description: Sends, call: api.send, x-content: [{{text: Done}}]}}
"""
MODERN = "2026-07-28"
META = "io.modelcontextprotocol/"
OF_THE_SDK = {"mcp-session-id": "nobody-gave-it"}
"""A header that sends a call to the SDK without other effects: servers without sessions ignore it."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shared_upstream: Upstream) -> Iterator[Served]:
    document = written(tmp_path_factory.mktemp("direct"), DOCUMENT.format(url=shared_upstream.url))
    with serving(document, settings=Settings()) as served:
        yield served


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url("mcp")) as client:
        del client.headers["accept"]
        yield client


def envelope(**members: Any) -> dict[str, Any]:
    """Return the ``_meta`` that a client of 2026-07-28 sends with each request."""
    return {
        f"{META}protocolVersion": MODERN,
        f"{META}clientInfo": {"name": "a client", "version": "1"},
        f"{META}clientCapabilities": {},
        **members,
    }


def call(name: str = "send", arguments: Any = None, version: str | None = MODERN) -> dict[str, Any]:
    """Return a request that calls a tool."""
    params = {"name": name, "arguments": arguments or {"body": {}}}
    meta = {"_meta": envelope()} if version == MODERN else {}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params | meta}


def headers(version: str | None = MODERN, name: str = "send", **more: str) -> dict[str, str]:
    """Return the headers of a request that calls a tool."""
    told = {"mcp-method": "tools/call", "mcp-name": name} if version == MODERN else {}
    named = {"mcp-protocol-version": version} if version else {}
    both = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    return {**both, **named, **told, **{key.replace("_", "-"): value for key, value in more.items()}}


def both_ways(client: httpx.Client, body: bytes, sent: Mapping[str, str]) -> tuple[Any, Any]:
    """Return the response to a request, and the response of the SDK to it."""
    direct, of_the_sdk = (
        client.post("", content=body, headers={**sent, **more}) for more in ({}, OF_THE_SDK)
    )
    return _seen(direct), _seen(of_the_sdk)


def _seen(answer: httpx.Response) -> tuple[int, dict[str, str], Any]:
    kept = {name: value for name, value in answer.headers.items() if name not in ("date", "content-length")}
    is_json = answer.headers.get("content-type") == "application/json"
    return answer.status_code, kept, json.loads(answer.content) if is_json and answer.content else answer.text


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ('{"a": "ü"}'.encode(), "application/json"),
        (b'\n {"a": "\xc3\xbc"}', "application/json; charset=utf-8"),
        (b'\xef\xbb\xbf{"a": "\xc3\xbc"}', "application/json"),
        ('{"a": "ü"}'.encode("latin-1"), "application/json; charset=latin-1"),
        ('{"a": "ü"}'.encode("utf-16"), "application/json;charset=utf-16"),
        ('{"a": "ü"}'.encode(), "text/plain"),
        ('{"a": "ü"}'.encode(), ""),
    ],
)
def test_a_response_is_decoded_with_its_charset(
    client: httpx.Client, upstream: Upstream, content: bytes, media_type: str
) -> None:
    upstream.answers(Answer(200, content, (("Content-Type", media_type),) if media_type else ()))
    direct, of_the_sdk = both_ways(client, with_params(name="whole"), headers(name="whole"))
    assert direct == of_the_sdk
    assert direct[2]["result"]["structuredContent"] == {"a": "ü"}


VERSIONS = st.sampled_from([*KNOWN_PROTOCOL_VERSIONS, None])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ARGUMENTS = (
    st.dictionaries(st.sampled_from(["id", "body", "x"]), VALUES, max_size=2)
    | st.builds(lambda number: {"id": number}, st.integers() | VALUES)
    | st.builds(lambda body: {"body": body}, st.dictionaries(st.text(max_size=5), VALUES, max_size=3))
)
ANSWERS = st.builds(
    Answer,
    st.sampled_from([200, 201, 204, 302, 404, 429, 503]),
    VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=20) | st.just(b""),
    st.sampled_from([JSON, (("content-type", "text/plain"),), (("retry-after", "3"),), ()]),
)


@given(st.tuples(st.sampled_from(["send", "get", "short", "kept", "shown"]), ARGUMENTS), VERSIONS, ANSWERS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(("send", {"body": {}}), MODERN, Answer(200, b"null"))
@example(("send", {"body": {}}), MODERN, Answer(200, b'[1, 12345678901234567890123, {"a": null}]'))
@example(("send", {"body": {}}), "2025-06-18", Answer(200, b'[1, 12345678901234567890123, {"a": null}]'))
@example(("short", {"body": {}}), MODERN, Answer(200, json.dumps({"rows": [*range(100)]}).encode()))
@example(("kept", {"body": {}}), MODERN, Answer(200, b'{"a": 7, "b": "\\u00fc\\ud83d\\ude00 \\"\\\\"}'))
@example(("kept", {"body": {}}), MODERN, Answer(200, b'{"a": "seven"}'))
@example(("kept", {"body": {}}), "2025-06-18", Answer(200, b'{"a": "seven"}'))
@example(("send", {"body": {}}), MODERN, Answer(200, b"[" * 150 + b"]" * 150))
@example(("send", {"body": {}}), "2024-11-05", Answer(500, b"[" * 150 + b"]" * 150))
@example(("get", {"id": 10**30}), MODERN, Answer())
def test_results_equal_those_of_the_sdk(
    client: httpx.Client,
    upstream: Upstream,
    called: tuple[str, dict[str, Any]],
    version: str | None,
    answer: Answer,
) -> None:
    name, arguments = called
    upstream.reset()
    upstream.answers(answer)
    body = json.dumps(call(name, arguments, version)).encode()
    direct, of_the_sdk = both_ways(client, body, headers(version, name))
    assert direct == of_the_sdk
    assert len(upstream.received) in (0, 2)


@pytest.mark.parametrize("version", [MODERN, "2025-11-25", None])
@pytest.mark.parametrize("kind", ["image/png", "audio/wav", "application/octet-stream"])
def test_binary_results_equal_those_of_the_sdk(
    client: httpx.Client, upstream: Upstream, version: str | None, kind: str
) -> None:
    upstream.answers(Answer(200, b"\x00\xff", (("content-type", kind),)))
    body = json.dumps(call(version=version)).encode()
    direct, of_the_sdk = both_ways(client, body, headers(version))
    for _, _, document in (direct, of_the_sdk):
        resource = document["result"]["content"][0].get("resource", {})
        assert resource.pop("uri", "naftiko://results/m/send/").startswith("naftiko://results/m/send/")
    assert direct == of_the_sdk


def test_a_large_result_equals_that_of_the_sdk(client: httpx.Client, upstream: Upstream) -> None:
    upstream.answers_json([{"n": n, "text": '"ü"' * 50} for n in range(20_000)])
    direct, of_the_sdk = both_ways(client, json.dumps(call()).encode(), headers())
    assert direct == of_the_sdk


def changed(version: str | None = MODERN, **members: Any) -> bytes:
    """Return the body of a call with other members."""
    return json.dumps({**call(version=version), **members}).encode()


def with_params(version: str | None = MODERN, **params: Any) -> bytes:
    """Return the body of a call with other parameters."""
    message = call(version=version)
    message["params"] |= params
    return json.dumps(message).encode()


def without(*names: str, of: str = "") -> bytes:
    """Return the body of a call without some members."""
    message = call()
    members = message["params"] if of == "params" else message["params"]["_meta"] if of else message
    for name in names:
        del members[name]
    return json.dumps(message).encode()


TWICE = b"""{"jsonrpc": "2.0", "id": 1, "id": 2, "method": "x", "method": "tools/call",
    "params": {"name": "x", "name": "send", "arguments": {"body": {"a": 1, "a": 2}}}}"""
VALUES_OF_NO_USE: list[Any] = [None, 7, 1.5, True, "", "x", [], {}]
IDS: list[Any] = [*VALUES_OF_NO_USE, "a", "1", "ü", -7, 10**30]
ODD = [
    *(changed(id=value) for value in IDS),
    *(changed(jsonrpc=value) for value in (*VALUES_OF_NO_USE, "1.0", 2.0)),
    *(changed(method=value) for value in ("tools/calls", "ping", "server/discover", None, 7)),
    *(changed(params=value) for value in (*VALUES_OF_NO_USE, {"name": "send"})),
    changed(more=1),
    changed(result={}),
    changed(error={"code": 1, "message": "x"}),
    without("id"),
    without("params"),
    without("jsonrpc"),
    without("method"),
    without("name", of="params"),
    without("arguments", of="params"),
    without("_meta", of="params"),
    *(
        without(f"{META}{name}", of="_meta")
        for name in ("protocolVersion", "clientInfo", "clientCapabilities")
    ),
    *(with_params(name=value) for value in (None, 7, "", "nope", "get")),
    *(with_params(arguments=value) for value in (*VALUES_OF_NO_USE, {"body": []}, {"more": 1})),
    *(with_params(task=value) for value in (*VALUES_OF_NO_USE, {"ttl": 5})),
    *(with_params(requestState=value) for value in VALUES_OF_NO_USE),
    *(with_params(inputResponses=value) for value in VALUES_OF_NO_USE),
    with_params(more={"a": 1}),
    *(with_params(_meta=value) for value in VALUES_OF_NO_USE),
    *(
        with_params(_meta=envelope(**{name: value}))
        for name in (
            "progressToken",
            "more",
            "traceparent",
            *(
                f"{META}{each}"
                for each in ("protocolVersion", "clientInfo", "clientCapabilities", "logLevel")
            ),
        )
        for value in (*VALUES_OF_NO_USE, "info", "2025-06-18", {"name": "x"}, {"elicitation": 7})
    ),
    with_params(_meta=envelope(**{f"{META}clientCapabilities": {"sampling": {}, "extensions": {"a/b": {}}}})),
    with_params(_meta=envelope(more="x" * 5000)),
    with_params(_meta=envelope(more="DEEP")).replace(b'"DEEP"', b"[" * 150 + b"]" * 150),
    with_params(_meta=envelope(more="DEEP")).replace(b'"DEEP"', b"[" * 1010 + b"]" * 1010),
    with_params(arguments={"body": json.loads('{"a":' * 120 + "1" + "}" * 120)}),
    with_params(arguments={"body": json.loads('{"a":' * 300 + "1" + "}" * 300)}),
    TWICE,
]


@pytest.mark.parametrize("version", [MODERN, "2025-11-25", None])
def test_unusual_requests_are_answered_like_the_sdk_does(
    client: httpx.Client, upstream: Upstream, version: str | None
) -> None:
    for body in ODD:
        upstream.reset()
        direct, of_the_sdk = both_ways(client, body, headers(version))
        assert direct == of_the_sdk, body
        assert len(upstream.received) in (0, 2)


@pytest.mark.parametrize("first", [True, 1, 1.0, "yes"])
def test_envelopes_that_are_equal_in_python_are_distinguished(client: httpx.Client, first: object) -> None:
    for value in (first, True, 1, 1.0, False, 0, first):
        body = with_params(_meta=envelope(**{f"{META}clientCapabilities": {"roots": {"listChanged": value}}}))
        direct, of_the_sdk = both_ways(client, body, headers())
        assert direct == of_the_sdk, value


ODD_HEADERS: list[tuple[str, list[str | None]]] = [
    ("accept", [None, "", "*/*", "application/*", "APPLICATION/JSON;q=1", "application/json,"]),
    ("accept", ["text/html", "text/event-stream", "application/jsonl", "text/html, application/json;q=0.5"]),
    ("content-type", ["application/json; charset=utf-8", "Application/JSON", "application/json ;x"]),
    ("mcp-protocol-version", [None, "", "2025-06-18", "2024-11-05", "2026-07-28", "2027-01-01", "x"]),
    ("mcp-method", [None, "", "tools/list", "TOOLS/CALL"]),
    ("mcp-name", [None, "", "get", "SEND", "=?base64?c2VuZA==?=", "=?base64?c2VuZA?="]),
    ("mcp-param-id", ["7"]),
    ("origin", ["http://localhost"]),
]


@pytest.mark.parametrize("version", [MODERN, "2025-11-25"])
def test_unusual_headers_are_answered_like_the_sdk_does(client: httpx.Client, version: str) -> None:
    for name, value in [(name, each) for name, values in ODD_HEADERS for each in values]:
        sent = {key: each for key, each in {**headers(version), name: value}.items() if each is not None}
        direct, of_the_sdk = both_ways(client, with_params(version), sent)
        assert direct == of_the_sdk, (name, value)


@pytest.mark.parametrize(
    "twice", ["mcp-protocol-version", "mcp-method", "mcp-name", "accept", "content-type", "x-other"]
)
@pytest.mark.parametrize("first", [True, False])
def test_repeated_headers_are_answered_like_the_sdk_does(
    client: httpx.Client, twice: str, *, first: bool
) -> None:
    sent = headers()
    more = [(twice, "x"), *sent.items()] if first else [*sent.items(), (twice, "x")]
    direct = client.post("", content=with_params(), headers=more)
    of_the_sdk = client.post("", content=with_params(), headers=[*more, *OF_THE_SDK.items()])
    assert _seen(direct) == _seen(of_the_sdk)


async def _echoed(inputs: Mapping[str, Any], *, size: int) -> Outcome:  # noqa: ARG001
    return Outcome.of_value(dict(inputs))


async def _broken(inputs: Mapping[str, Any], *, size: int) -> Outcome:  # noqa: ARG001
    raise RuntimeError("of no interest to anybody")


def _result(outcome: Outcome, protocol_version: str) -> JsonFragment:
    return json_fragment(
        {"content": [], "isError": False, "structuredContent": [outcome.value, protocol_version]}
    )


def _failure(_: Exception, __: str) -> MCPError:
    return MCPError(-32603, "Something broke", {"id": "7"})


def directly(body: bytes, sent: Mapping[str, str]) -> Any:
    """Return the response of the fast path; None if the SDK must respond."""
    tools = {
        name: FastPathTool(invoke, _result, _failure).named(name)
        for name, invoke in (("send", _echoed), ("break", _broken))
    }
    calls = FastPath(tools, {"name": "s", "version": "1"})

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        received = await read_message(await read_body(scope, receive, len(body)))
        if not isinstance(received, ParsedMessage) or not await calls.answer(
            unique_headers(scope), received, scope, receive, send
        ):
            await respond(scope, send, 501, b"")

    async def session() -> httpx.Response:
        async with client_of(app) as client:
            return await client.post("/", content=body, headers=sent)

    answer = asyncio.run(session())
    return answer.json() if answer.status_code == 200 else None


@pytest.mark.parametrize("version", [*KNOWN_PROTOCOL_VERSIONS, None])
def test_a_plain_call_is_answered_without_the_sdk(version: str | None) -> None:
    answer = directly(with_params(version), headers(version))
    assert answer["result"]["structuredContent"] == [{"body": {}}, version or "2025-03-26"]


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (with_params(), headers(mcp_session_id="x")),
        (with_params(_meta=envelope(progressToken=1)), headers()),
        (with_params(_meta=envelope(**{f"{META}logLevel": "info"})), headers()),
        (with_params("2025-11-25", _meta={"progressToken": 1}), headers("2025-11-25")),
        (with_params(name="other"), headers(name="other")),
        (with_params(), headers(name="other")),
        (with_params(requestState="x"), headers()),
        (with_params(task={}), headers()),
        (changed(id=None), headers()),
        (changed(method="tools/list"), headers()),
    ],
)
def test_requests_for_more_than_a_result_go_to_the_sdk(body: bytes, sent: dict[str, str]) -> None:
    assert directly(body, sent) is None


def test_an_irrelevant_header_may_be_repeated() -> None:
    assert _told([(b"cookie", b"a=1"), (b"accept", b"*/*"), (b"cookie", b"b=2")])
    assert not _told([(b"accept", b"a/b"), (b"accept", b"*/*"), (b"cookie", b"b=2")])


def _told(received: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    return unique_headers({"headers": received})


def test_an_internal_failure_is_a_json_rpc_error() -> None:
    answer = directly(json.dumps(call("break")).encode(), headers(name="break"))
    assert answer == {
        "jsonrpc": "2.0",
        "id": 1,
        "error": {"code": -32603, "message": "Something broke", "data": {"id": "7"}},
    }
