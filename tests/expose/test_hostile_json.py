"""JSON that is nested deeply, long, or not Unicode, from callers and from upstreams: never a fault of ours."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from expose.test_answers_that_take_long import threads_at_work
from naftiko_run import Settings, _json
from support.documents import written
from support.mcp_client import call_tool, text_of
from support.server import Served, serving
from support.upstream import JSON, PATIENCE, Answer, Upstream

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - namespace: api
    baseUri: https://api.example
    resources:
    - path: /raw
      operations:
      - {name: get, method: GET}
      - name: send
        method: POST
        inputParameters: [{name: body, in: body, type: object}]
      - name: form
        method: PUT
        inputParameters: [{name: a, in: body}, {name: q, in: query}]
        body: {type: formUrlEncoded, data: {a: '{{a}}'}}
      - name: typed
        method: PATCH
        inputParameters: [{name: a, in: body, type: array, items: {type: string}}]
      - name: as-yaml
        method: DELETE
        inputParameters: [{name: a, in: body}]
        body: {type: yaml, data: {a: '{{a}}'}}
  exposes:
  - type: rest
    namespace: r
    resources:
    - path: /mapped
      operations: [{method: GET, call: api.get, outputParameters: &outputs [{type: object, properties: {s: {type: string, mapping: $.s}, name: {type: string, mapping: $.name}, a: {mapping: $.a}}}]}]
    - path: /searched
      operations: [{method: GET, call: api.get, outputParameters: [{type: array, mapping: $..a}]}]
    - path: /steps
      operations:
      - method: GET
        steps: [{name: one, type: call, call: api.get}]
        mappings: [{targetName: s, value: $.one.s}, {targetName: a, value: $.one.a}]
        outputParameters: [{name: s, type: string}, {name: a}]
    - {path: /get, operations: [{method: GET, call: api.get}]}
    - {path: /send, operations: [{method: POST, call: api.send}]}
    - {path: /form, operations: [{method: POST, call: api.form}]}
    - {path: /typed, operations: [{method: POST, call: api.typed}]}
    - {path: /as-yaml, operations: [{method: POST, call: api.as-yaml}]}
  - type: mcp
    namespace: m
    tools:
    - {name: get, description: Get, call: api.get}
    - {name: mapped, description: Get, call: api.get, outputParameters: *outputs}
    - {name: send, description: Send, call: api.send}
    - {name: form, description: Send, call: api.form}
    - {name: typed, description: Send, call: api.typed}
    - {name: as-yaml, description: Send, call: api.as-yaml}
    resources: [{name: raw, uri: 'raw://all', description: All, call: api.get}]
    prompts: [{name: greet, description: Greet, template: [{role: user, content: Hello}]}]
"""
DEPTHS = [300, 1000, 100_000]
REPLACED = "\N{REPLACEMENT CHARACTER}"


@pytest.fixture(scope="module")
def served(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    document = written(tmp_path_factory.mktemp("hostile"), DOCUMENT)
    with serving(document, settings=Settings({"api": shared_upstream.url}, environment={})) as up:
        yield up


def nested(depth: int, name: bytes = b"a") -> bytes:
    return b'{"%b":' % name + b"[" * (depth - 1) + b"1" + b"]" * (depth - 1) + b"}"


def called(served: Served, tool: str, arguments: bytes) -> httpx.Response:
    """Call a tool with arguments that no client would write."""
    message = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"%b","arguments":%b}}'
    headers = dict(JSON) | {"accept": "application/json, text/event-stream"}
    return httpx.post(
        served.url("mcp"), content=message % (tool.encode(), arguments), headers=headers, timeout=PATIENCE
    )


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("path", ["send", "form", "typed", "as-yaml"])
def test_a_deep_body_is_passed_on_or_refused(
    served: Served, upstream: Upstream, path: str, depth: int
) -> None:
    body = nested(depth)
    answer = httpx.post(f"{served.url('rest')}/{path}", content=body, headers=dict(JSON))
    assert answer.status_code in (200, 400), answer.text
    assert (answer.status_code == 200) == bool(upstream.received)
    if path == "send" and upstream.received:
        assert upstream.only.body == body
    if depth > 1024:
        assert answer.status_code == 400


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("tool", ["send", "form", "typed", "as-yaml"])
def test_deep_arguments_are_passed_on_or_refused(
    served: Served, upstream: Upstream, tool: str, depth: int
) -> None:
    answer = called(served, tool, nested(depth, b"body" if tool == "send" else b"a"))
    assert answer.status_code in (200, 400), answer.text
    said = answer.json()
    assert "An internal error" not in answer.text
    if not upstream.received:
        assert "error" in said or said["result"]["isError"]


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("path", ["mapped", "searched", "steps"])
def test_a_deep_answer_is_given_or_refused(served: Served, upstream: Upstream, path: str, depth: int) -> None:
    upstream.answers(Answer(body=nested(depth)))
    answer = httpx.get(f"{served.url('rest')}/{path}")
    assert answer.status_code in (200, 502), answer.text
    if depth > 1024:
        assert answer.status_code == 502
        assert "api.get returned a response that is not JSON" in answer.json()["detail"]


@pytest.mark.parametrize("status", [200, 422])
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("tool", ["get", "mapped"])
def test_a_deep_answer_is_given_to_a_model_or_refused(
    served: Served, upstream: Upstream, tool: str, depth: int, status: int
) -> None:
    upstream.answers(Answer(status, nested(depth)))
    result = called(served, tool, b"{}").json()["result"]
    assert "An internal error" not in result["content"][0]["text"]
    if tool == "get":
        assert result["content"][0]["text"].endswith("]]]}")
        assert result["isError"] == (status == 422)


def rows(count: int) -> bytes:
    return b'{"body":{"rows":[' + b'{"a":[1,{"b":null}]},' * count + b"{}]}}"


@pytest.mark.parametrize("kind", ["rest", "mcp"])
def test_others_are_answered_while_a_long_body_is_still_to_be_parsed(
    served: Served, upstream: Upstream, kind: str
) -> None:
    body = rows(10_000)

    def send() -> httpx.Response:
        if kind == "mcp":
            return called(served, "send", body)
        return httpx.post(f"{served.url('rest')}/send", content=body, headers=dict(JSON), timeout=PATIENCE)

    with ThreadPoolExecutor(1) as aside, httpx.Client(timeout=PATIENCE) as client:
        with threads_at_work():
            asked = aside.submit(send)
            for _ in range(20):
                assert client.get(f"{served.url('rest')}/mapped").status_code == 200
            assert not asked.done()
        assert asked.result().status_code == 200
    assert len(upstream.received) == 21


@pytest.mark.parametrize("part", [b"[],", b'{"a":1},', b"[[]],"])
def test_a_body_of_too_many_parts_is_refused(served: Served, upstream: Upstream, part: bytes) -> None:
    body = b'{"body":{"a":[' + part * 1_000_001 + b"0]}}"
    answer = httpx.post(f"{served.url('rest')}/send", content=body, headers=dict(JSON), timeout=PATIENCE)
    assert answer.status_code == 400
    assert "more than 1,000,000 objects and arrays" in answer.json()["detail"]
    assert called(served, "send", body).status_code == 400
    assert upstream.received == []


def test_brackets_in_text_are_no_parts(served: Served, upstream: Upstream) -> None:
    body = b'{"a":"' + b"[{" * 600_000 + b'"}'
    answer = httpx.post(f"{served.url('rest')}/send", content=body, headers=dict(JSON), timeout=PATIENCE)
    assert answer.status_code == 200
    assert upstream.only.body == body


BROKEN = [
    (rb'{"s":"\ud800","name":"n"}', {"s": REPLACED, "name": "n", "a": None}),
    (b'{"s":"Z\xfcrich","name":"n"}', {"s": f"Z{REPLACED}rich", "name": "n", "a": None}),
    (rb'{"s":"x","a":{"\udc00":1}}', {"s": "x", "name": None, "a": {REPLACED: 1}}),
]


@pytest.mark.parametrize(("body", "value"), BROKEN)
@pytest.mark.parametrize("media_type", ["application/json", "application/json; charset=utf-8"])
def test_text_that_is_not_unicode_is_replaced_with_a_warning(
    served: Served,
    upstream: Upstream,
    caplog: pytest.LogCaptureFixture,
    *,
    body: bytes,
    value: Any,
    media_type: str,
) -> None:
    upstream.answers(Answer(body=body, headers=(("content-type", media_type),)))
    with caplog.at_level(logging.WARNING):
        answer = httpx.get(f"{served.url('rest')}/mapped")
    assert (answer.status_code, answer.json()) == (200, value)
    assert any("api.get" in each.message and "not valid Unicode" in each.message for each in caplog.records)
    assert httpx.get(f"{served.url('rest')}/steps").json()["s"] == value["s"]
    for tool in ("get", "mapped"):
        result = call_tool(served.url("mcp"), tool)
        assert not result.is_error
        assert result.structured_content is not None
        assert result.structured_content["s"] == value["s"]
        assert json.loads(text_of(result)) == result.structured_content


@pytest.mark.parametrize(
    ("body", "given"),
    [
        (rb'{ "s": "a\ud800b", "n": 1.0 }', rb'{ "s": "a\ufffdb", "n": 1.0 }'),
        (rb'{"\uDC00\ud83d": "\ud83d\ude00 \\ud800"}', rb'{"\ufffd\ufffd": "\ud83d\ude00 \\ud800"}'),
    ],
)
def test_half_a_character_in_an_answer_that_is_passed_on_is_replaced_with_a_warning(
    served: Served, upstream: Upstream, caplog: pytest.LogCaptureFixture, body: bytes, given: bytes
) -> None:
    upstream.answers(Answer(body=body, headers=JSON))
    with caplog.at_level(logging.WARNING):
        answer = httpx.get(f"{served.url('rest')}/get")
    assert (answer.status_code, answer.content) == (200, given)
    assert any("api.get" in each.message and "not Unicode" in each.message for each in caplog.records)


@pytest.mark.parametrize("media_type", ["text/plain", "application/json"])
def test_an_answer_of_whole_characters_is_passed_on_as_it_came(
    served: Served, upstream: Upstream, caplog: pytest.LogCaptureFixture, media_type: str
) -> None:
    body = rb'{"s": "\ud83d\ude00"}' if media_type == "application/json" else rb"\ud800"
    upstream.answers(Answer(body=body, headers=(("content-type", media_type),)))
    with caplog.at_level(logging.WARNING):
        assert httpx.get(f"{served.url('rest')}/get").content == body
    assert not caplog.records


def test_text_in_an_answer_too_deep_for_clients_is_replaced_too(served: Served, upstream: Upstream) -> None:
    upstream.answers(Answer(body=rb'{"s":"\ud800 \ud83d\ude00","a":' + nested(200) + b"}"))
    result = called(served, "get", b"{}").json()["result"]
    assert result["content"][0]["text"].startswith(r'{"s":"\ufffd \ud83d\ude00","a":')


@pytest.mark.parametrize(("body", "value"), BROKEN)
def test_a_body_that_is_not_unicode_goes_out_replaced(
    served: Served, upstream: Upstream, body: bytes, value: Any
) -> None:
    sent = {name: member for name, member in value.items() if member is not None}
    assert httpx.post(f"{served.url('rest')}/send", content=body, headers=dict(JSON)).status_code == 200
    assert called(served, "send", b'{"body":%b}' % body).status_code == 200
    assert [_json.loads(each.body) for each in upstream.received] == [sent, sent]


def test_text_in_another_format_is_replaced_too(
    upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> None:
    document = written(
        tmp_path_factory.mktemp("csv"),
        DOCUMENT.replace("{name: get, method: GET}", "{name: get, method: GET, outputRawFormat: csv}"),
    )
    upstream.answers(Answer(body=b"s,name\nZ\xfcrich,n\n", headers=(("content-type", "text/csv"),)))
    with serving(document, settings=Settings({"api": upstream.url}, environment={})) as served:
        answer = httpx.get(f"{served.url('rest')}/searched")
        assert answer.status_code == 200
        result = call_tool(served.url("mcp"), "get")
    assert text_of(result) == f"s,name\nZ{REPLACED}rich,n\n"


def test_the_answer_to_many_wrong_values_is_short(served: Served, upstream: Upstream) -> None:
    arguments = b'{"a":[%b1]}' % (b"1," * 30_000)
    refused = httpx.post(f"{served.url('rest')}/typed", content=arguments, headers=dict(JSON))
    assert refused.status_code == 400
    assert refused.json()["violations"][0] == {"pointer": "/a/0", "message": "must be text, not an integer"}
    failed = called(served, "typed", arguments)
    assert failed.json()["result"]["isError"]
    for answer in (refused, failed):
        assert "there are more violations" in answer.text
        assert len(answer.content) < 5000
    assert not upstream.received


@pytest.mark.parametrize(
    ("method", "params", "kind"),
    [
        ("tools/call", {"name": "a" * 100_000, "arguments": {}}, "tool"),
        ("resources/read", {"uri": f"a://{'a' * 100_000}"}, "resource"),
        ("prompts/get", {"name": "a" * 100_000}, "prompt"),
    ],
)
def test_an_unknown_name_is_shortened_in_the_message(
    served: Served, method: str, params: dict[str, Any], kind: str
) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    headers = dict(JSON) | {"accept": "application/json, text/event-stream"}
    said = httpx.post(served.url("mcp"), json=message, headers=headers).json()["error"]["message"]
    assert said.startswith(f"Unknown {kind} `a")
    assert len(said) < 500
