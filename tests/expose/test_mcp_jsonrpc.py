"""Invalid JSON-RPC requests get a response with the same ``id``, or an error."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from naftiko_run import _json
from support.server import Served
from support.upstream import Upstream

HEADERS = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS = -32700, -32600, -32602


def post(served: Served, body: bytes, **headers: str) -> httpx.Response:
    return httpx.post(served.url("mcp"), content=body, headers=HEADERS | headers)


def call(arguments: str, request_id: str = "1") -> bytes:
    params = f'{{"name":"track-event","arguments":{arguments}}}'
    return f'{{"jsonrpc":"2.0","id":{request_id},"method":"tools/call","params":{params}}}'.encode()


def ping(request_id: str) -> bytes:
    return f'{{"jsonrpc":"2.0","id":{request_id},"method":"ping"}}'.encode()


@pytest.mark.parametrize(
    "request_id",
    [
        "0",
        "-1",
        "1.0",
        "-3.0",
        "1e3",
        "12345678901234567890123",
        '""',
        '"1.5"',
        '"é\\n"',
        '"' + "x" * 5000 + '"',
    ],
)
@pytest.mark.parametrize("body", [ping, lambda request_id: call('{"body":{}}', request_id)])
def test_an_id_is_returned_unchanged(pipelines: Served, body: Any, request_id: str) -> None:
    answer = post(pipelines, body(request_id))
    assert answer.status_code == 200
    told = _json.loads(answer.content)
    assert "result" in told
    assert told["id"] == json.loads(request_id)


@pytest.mark.parametrize(
    ("request_id", "told"),
    [("1.5", 1.5), ("null", None), ("true", None), ("[1]", None), ("{}", None), ("-0.25", -0.25)],
)
@pytest.mark.parametrize("body", [ping, lambda request_id: call('{"body":{}}', request_id)])
def test_an_invalid_id_gets_an_error_response(
    pipelines: Served, upstream: Upstream, body: Any, request_id: str, told: object
) -> None:
    answer = post(pipelines, body(request_id))
    assert answer.status_code == 400
    error = answer.json()
    assert (error["id"], error["error"]["code"]) == (told, INVALID_REQUEST)
    assert "string or an integer" in error["error"]["message"]
    assert not upstream.received


VERSION = 'a JSON-RPC message has `"jsonrpc": "2.0"`'


@pytest.mark.parametrize(
    ("body", "request_id", "fault"),
    [
        ('{"id":3,"method":"ping"}', 3, VERSION),
        ('{"jsonrpc":"1.0","id":"a","method":"ping"}', "a", VERSION),
        ('{"jsonrpc":2.0,"id":3,"method":"ping"}', 3, VERSION),
        ('{"jsonrpc":"2.0","id":3,"method":5}', 3, "the `method` must be a string"),
        ('{"jsonrpc":"2.0","id":3,"method":"ping","params":[1]}', 3, "the `params` must be an object"),
        ('{"jsonrpc":"2.0","method":"ping","params":1}', None, "the `params` must be an object"),
        ('{"jsonrpc":"2.0","id":3}', 3, "the JSON-RPC message has no `method`"),
        ("{}", None, "the JSON-RPC message has no `method`"),
        ("5", None, "a JSON-RPC message is an object"),
        ("null", None, "a JSON-RPC message is an object"),
        ('"ping"', None, "a JSON-RPC message is an object"),
        ("[]", None, "a JSON-RPC message is an object; batches are not supported"),
        (
            '[{"jsonrpc":"2.0","id":3,"method":"ping"}]',
            None,
            "a JSON-RPC message is an object; batches are not supported",
        ),
        ('{"id":3,"result":{}}', None, VERSION),
        ('{"jsonrpc":"2.0","id":3,"result":5}', None, "the `result` of a response must be an object"),
        ('{"jsonrpc":"2.0","result":{}}', None, "the `id` of a response must be a string or an integer"),
        (
            '{"jsonrpc":"2.0","id":3,"error":"no"}',
            None,
            "the `error` of a response must have an integer `code` and a string `message`",
        ),
    ],
)
@pytest.mark.parametrize("version", [None, "2026-07-28"])
def test_invalid_json_rpc_gets_a_clear_error_with_its_id(
    pipelines: Served, body: str, request_id: object, fault: str, version: str | None
) -> None:
    answer = post(pipelines, body.encode(), **({"mcp-protocol-version": version} if version else {}))
    assert answer.status_code == 400
    assert answer.json() == {
        "jsonrpc": "2.0",
        "id": request_id,
        "error": {"code": INVALID_REQUEST, "message": f"Invalid request: {fault}"},
    }


@pytest.mark.parametrize(
    "accept",
    [
        "text/event-stream",
        "text/event-stream;q=0.9, text/html",
        "TEXT/event-stream",
        "text/*",
        "application/json;q=0, */*",
    ],
)
@pytest.mark.parametrize(
    "body",
    [ping("7"), call('{"body":{"a":1}}', "7"), call("{}", "7"), b'{"jsonrpc":"2.0","id":7,"method":"x"}'],
)
def test_a_client_that_accepts_only_event_streams_gets_one(
    pipelines: Served, accept: str, body: bytes
) -> None:
    plain, streamed = post(pipelines, body), post(pipelines, body, accept=accept)
    if streamed.headers["content-type"].startswith("text/event-stream"):
        name, data, *rest = streamed.text.split("\n")
        assert (name, rest) == ("event: message", ["", ""])
        assert json.loads(data.removeprefix("data: ")) == plain.json()
    else:
        assert streamed.status_code == plain.status_code != 200


def test_such_a_client_can_send_a_notification(pipelines: Served) -> None:
    body = b'{"jsonrpc":"2.0","method":"notifications/initialized"}'
    answer = post(pipelines, body, accept="text/event-stream")
    assert (answer.status_code, answer.content) == (202, b"")


HOSTILE = {
    "half of a character": call('{"body":{"a":"\\ud800"}}'),
    "half of a character in a name": call('{"body":{"\\udfff":1}}'),
    "49,000 levels": call('{"body":' + "[" * 49_000 + "]" * 49_000 + "}"),
    "900 levels": call('{"body":' + "[" * 900 + "]" * 900 + "}"),
    "200 levels": call('{"body":{"a":' + "[" * 200 + "]" * 200 + "}}"),
    "a name twice": call('{"body":{"a":1,"a":2}}'),
    "an argument twice": call('{"body":{"a":1},"body":{"a":2}}'),
    "__proto__": call('{"body":{"__proto__":{"x":1}},"__proto__":{"y":1}}'),
    "an empty name": call('{"":1,"body":{"":2}}'),
    "a long name": call('{"' + "n" * 50_000 + '":1,"body":{}}'),
    "many names": call("{" + ",".join(f'"a{each}":1' for each in range(5000)) + ',"body":{}}'),
    "arguments that are no object": call("[]"),
    "no arguments": call("null"),
    "a name of a tool that is none": b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":""}}',
    "wrong bytes": call('{"body":{"a":"')[:-3] + b'\xff"}}}}',
    "json text": call('{"body":"{\\"a\\":1}"}'),
    "deep json text": call('{"body":' + json.dumps('{"a":' + "[" * 900 + "]" * 900 + "}") + "}"),
    "broken json text": call('{"body":"{"}'),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("accept", ["application/json, text/event-stream", "text/event-stream"])
def test_hostile_arguments_are_answered_and_break_nothing(
    pipelines: Served, accept: str, body: bytes
) -> None:
    answer = post(pipelines, body, accept=accept)
    assert answer.status_code in (200, 400)
    text = answer.text.removeprefix("event: message\ndata: ")
    told = json.loads(text)
    assert told.get("error", {}).get("code", 0) in (0, PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS)


def test_an_argument_of_megabytes_exceeds_the_body_limit(pipelines: Served) -> None:
    assert post(pipelines, call('{"body":{"a":"' + "x" * 10_000_000 + '"}}')).status_code == 413


@pytest.mark.parametrize(
    ("arguments", "sent", "notes"),
    [
        ('{"body":"{\\"a\\":1}"}', {"a": 1}, ["`/body` was passed as JSON text"]),
        (
            '{"body":{"a":1},"bdoy":2}',
            {"a": 1},
            ["Unknown argument `bdoy` was ignored. Did you mean `body`?"],
        ),
        (
            '{"body":{"a":1},"BODY":2}',
            {"a": 1},
            ["Unknown argument `BODY` was ignored. Did you mean `body`?"],
        ),
        (
            '{"body":"{\\"a\\":\\"\\\\ud800\\"}"}',
            {"a": "\ufffd"},
            ["`/body` was passed as JSON text"],
        ),
    ],
)
def test_small_mistakes_are_reported_beside_the_result(
    pipelines: Served, upstream: Upstream, arguments: str, sent: object, notes: list[str]
) -> None:
    result = post(pipelines, call(arguments)).json()["result"]
    assert upstream.only.json == sent
    first, *others = [each["text"] for each in result["content"]]
    assert first == '{"ok":true}'
    assert len(others) == len(notes)
    assert all(note in other for note, other in zip(notes, others, strict=True))
    assert result["isError"] is False
