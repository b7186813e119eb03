"""``outputSchema``: schemas of a tool's outputs, and results that reach clients that validate them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naftiko_run import Settings
from naftiko_run.expose.mcp.output_schema import OutputSchema
from naftiko_run.expressions import MISSING
from support.documents import written
from support.mcp_client import ERAS, call_tool, list_tools
from support.server import serving
from support.upstream import Answer, Upstream

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: https://api.example
    resources:
    - path: /things
      operations:
      - {name: look, method: GET}
  exposes:
  - type: mcp
    namespace: m
    tools:
    - &object
      name: object
      description: Look
      call: api.look
      outputParameters:
      - type: object
        properties:
          id: {type: integer, mapping: $.id, description: Its number.}
          status: {type: string, mapping: $.status}
          answer: {type: number, mapping: $.answer}
          free: {type: object, mapping: $.free}
          tags: {type: array, mapping: $.tags, items: {type: string, mapping: $}}
          by: {type: object, mapping: $.by, values: {type: boolean, mapping: $}}
    - {<<: *object, name: small, x-maxResult: 60B}
    - name: list
      description: Look
      call: api.look
      outputParameters: [{type: array, mapping: $.list, items: {type: number, mapping: $}}]
    - name: number
      description: Look
      call: api.look
      outputParameters: [{type: number, mapping: $.number}]
    - name: whole
      description: Look
      call: api.look
      outputParameters: [{type: object, mapping: $.}]
    - name: vague
      description: Look
      call: api.look
      outputParameters: [{name: a, type: object, mapping: $.a}, {name: b, mapping: $.b}]
    - name: mock
      description: Look
      outputParameters: [{name: flag, type: string, value: "NO"}, {name: tons, type: number, value: "5"}]
"""
OBJECT = {
    "properties": {
        "id": {"type": ["integer", "null"], "description": "Its number."},
        "status": {"type": ["string", "null"]},
        "answer": {"type": ["number", "null"]},
        "free": {},
        "tags": {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
        "by": {"type": ["object", "null"], "additionalProperties": {"type": ["boolean", "null"]}},
    },
    "type": "object",
}
LIST = {"type": ["array", "null"], "items": {"type": ["number", "null"]}}
MODES = pytest.mark.parametrize("mode", ERAS)


@pytest.fixture(scope="module")
def url(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    document = written(tmp_path_factory.mktemp("promises"), DOCUMENT)
    with serving(document, settings=Settings({"api": shared_upstream.url}, environment={})) as served:
        yield served.url("mcp")


def schemas(url: str, mode: str) -> dict[str, dict[str, Any] | None]:
    return {tool.name: tool.output_schema for tool in list_tools(url, mode)}


def texts(result: Any) -> list[str]:
    return [block.text for block in result.content]


@MODES
def test_precise_outputs_have_an_output_schema(url: str, mode: str) -> None:
    told = schemas(url, mode)
    assert told["object"] == OBJECT
    assert told["mock"] == {
        "type": "object",
        "properties": {"flag": {"type": ["string", "null"]}, "tons": {"type": ["number", "null"]}},
    }
    assert told["whole"] is None
    assert told["vague"] is None


def test_up_to_2025_an_output_schema_is_an_object(url: str) -> None:
    told = schemas(url, "legacy")
    assert told["list"] == {"type": "object", "properties": {"result": LIST}}
    assert told["number"] == {"type": "object", "properties": {"result": {"type": ["number", "null"]}}}


def test_since_2026_an_output_schema_is_that_of_the_value(url: str) -> None:
    told = schemas(url, "auto")
    assert told["list"] == {**LIST, "type": ["array", "null", "object"]}
    assert told["number"] == {"type": ["number", "null", "object"]}


@MODES
@pytest.mark.parametrize(
    "case",
    [
        ("object", {"id": "7", "tags": ["a", 5], "by": {"x": "true"}, "free": [1]}, None),
        ("object", {}, None),
        ("list", {"list": [1, "2", None]}, [1, 2, None]),
        ("list", {"list": []}, []),
        ("number", {"number": "1.5"}, 1.5),
        ("number", {"number": 0}, 0),
    ],
)
def test_a_conforming_response_is_returned_unchanged(
    url: str, upstream: Upstream, mode: str, case: tuple[str, Any, Any]
) -> None:
    tool, answer, given = case
    upstream.answers_json(answer)
    result = call_tool(url, tool, {}, mode)
    (text,) = texts(result)
    value = json.loads(text)
    assert given is None or value == given
    is_itself = isinstance(value, dict) or mode == "auto"
    assert result.structured_content == (value if is_itself else {"result": value})


@MODES
@pytest.mark.parametrize(
    ("tool", "answer"),
    [("list", {}), ("number", {}), ("list", {"list": {"secret": 1}}), ("list", ["secret"])],
)
def test_a_missing_value_is_null(url: str, upstream: Upstream, mode: str, tool: str, answer: Any) -> None:
    upstream.answers_json(answer)
    result = call_tool(url, tool, {}, mode)
    assert texts(result) == ["null"]
    assert result.structured_content == {"result": None}


@MODES
def test_a_response_of_another_type_has_null_for_each_member(url: str, upstream: Upstream, mode: str) -> None:
    upstream.answers_json(["secret"])
    result = call_tool(url, "object", {}, mode)
    assert not result.is_error
    assert isinstance(result.structured_content, dict)
    assert {"id", "tags"} <= {*result.structured_content}
    assert {*result.structured_content.values()} == {None}


@MODES
@pytest.mark.parametrize(
    "case",
    [
        (
            "object",
            {"id": "seven", "tags": [{"secret": 1}]},
            {"id": "seven", "tags": [{"secret": 1}]},
            "/id must be an integer or null, not text; /tags/0 must be text or null, not an object",
        ),
        (
            "list",
            {"list": [1, {"secret": 1}]},
            [1, {"secret": 1}],
            "/1 must be a number or null, not an object",
        ),
        ("number", {"number": "many"}, "many", "/ must be a number or null, not text"),
    ],
)
def test_a_nonconforming_response_is_returned_whole_with_a_warning(
    url: str,
    upstream: Upstream,
    caplog: pytest.LogCaptureFixture,
    mode: str,
    case: tuple[str, Any, Any, str],
) -> None:
    tool, answer, given, fault = case
    upstream.answers_json(answer)
    with caplog.at_level(logging.WARNING, "naftiko_run"):
        result = call_tool(url, tool, {}, mode)
    assert not result.is_error
    text, warning = texts(result)
    value = json.loads(text)
    assert value == given or value.items() >= given.items()
    assert warning.endswith(fault)
    name = "_answer" if tool == "object" else "answer"
    assert result.structured_content == {name: value, "warning": warning}
    (logged,) = [
        each.getMessage() for each in caplog.records if each.name == "naftiko_run.expose.mcp.output_schema"
    ]
    assert f"the tool {tool} " in logged
    assert logged.endswith(fault)
    assert "secret" not in logged


@MODES
def test_a_response_without_content_is_returned(url: str, upstream: Upstream, mode: str) -> None:
    upstream.answers(Answer(204, b""))
    result = call_tool(url, "list", {}, mode)
    assert texts(result) == ["204 No Content, without content"]
    assert not result.is_error


@MODES
def test_a_response_nested_too_deeply_is_returned_as_text(url: str, upstream: Upstream, mode: str) -> None:
    deep: Any = 1
    for _ in range(150):
        deep = [deep]
    upstream.answers_json({"free": deep})
    (text,) = texts(call_tool(url, "object", {}, mode))
    assert json.loads(text)["free"] == deep


@MODES
def test_a_truncated_response_still_conforms(url: str, upstream: Upstream, mode: str) -> None:
    upstream.answers_json({"id": 1, "status": "x" * 100, "tags": ["y" * 100] * 10})
    text, note = texts(result := call_tool(url, "small", {}, mode))
    assert "was truncated" in note
    assert result.structured_content == json.loads(text)
    assert len(text.encode()) <= 60


@MODES
@pytest.mark.parametrize("tool", ["object", "list"])
def test_an_upstream_error_is_always_visible(url: str, upstream: Upstream, mode: str, tool: str) -> None:
    upstream.answers_json({"why": "gone"}, 410)
    result = call_tool(url, tool, {}, mode)
    assert result.is_error
    (text,) = texts(result)
    assert text == 'The upstream responded with 410 Gone:\n{"why":"gone"}'
    # A client of 2025 validates this too, and the schema of the tool `object` requires `status` to be a string.
    kept = None if (tool, mode) == ("object", "legacy") else {"status": 410, "body": {"why": "gone"}}
    assert result.structured_content == kept


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "answer", "warning", "result"]), inner, max_size=4)
    ),
    max_leaves=12,
)
SCHEMAS = st.recursive(
    st.sampled_from([{"type": ["string", "null"]}, {"type": ["number", "null"]}, {}]),
    lambda inner: (
        st.builds(lambda each: {"type": ["array", "null"], "items": each}, inner)
        | st.builds(
            lambda members: {"type": ["object", "null"], "properties": members},
            st.dictionaries(st.sampled_from(["a", "answer", "warning", "result"]), inner, max_size=3),
        )
    ),
    max_leaves=5,
).filter(bool)


@settings(max_examples=2 * settings().max_examples)
@given(schema=SCHEMAS, value=JSON | st.just(MISSING), version=st.sampled_from([*ERAS.values()]))
def test_clients_accept_every_upstream_response(schema: Any, value: Any, version: str) -> None:
    promise = OutputSchema("t", schema)
    told = promise.schema(version)
    jsonschema_rs.meta.validate(told)
    structured, warning = promise.conform(value, version)
    assert jsonschema_rs.Draft202012Validator(told).is_valid(structured)
    assert version == "2026-07-28" or isinstance(structured, dict)
    assert not warning or value in structured.values()


def test_the_warning_about_a_long_result_is_short() -> None:
    schema = {"type": "object", "properties": {"l": {"type": "array", "items": {"type": "integer"}}}}
    _, warning = OutputSchema("t", schema).conform({"l": ["x"] * 20_000}, "2025-11-25")
    assert "/l/0 must be an integer, not text" in warning
    assert "there are more violations" in warning
    assert len(warning) < 1000
