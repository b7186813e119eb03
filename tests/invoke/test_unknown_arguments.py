"""Arguments that an operation does not declare: they are sent if the document allows them, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from consume.recording import capability, consumes, json_of, query_of, sent
from naftiko_run.invoke import Function


def calling(operation: dict[str, Any], unit: dict[str, Any] | None = None) -> tuple[Function, str]:
    """Return a tool with the argument `extra`, and where its warning says that it is sent."""
    written = {"name": "t", "call": "api.op", **(unit or {"with": {"extra": "tools.extra"}})}
    exposes = {"type": "mcp", "namespace": "m", "tools": [written]}
    document = {"consumes": [consumes({"method": "POST", **operation})], "exposes": [exposes]}
    loaded = capability({"capability": document})
    (told,) = [each.message for each in loaded.diagnostics if each.code == "unknown-argument"]
    return loaded.function("m.t"), told.partition("; it is ")[2]


UNITS = [
    {"with": {"extra": "tools.extra"}},
    {"inputParameters": [{"name": "extra", "type": "integer", "required": False}]},
]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("body", [{}, {"body": {"type": "json"}}])
def test_a_body_that_is_not_described_takes_them_as_fields(
    unit: dict[str, Any], body: dict[str, Any]
) -> None:
    function, place = calling(body, unit)
    assert place == "sent in the body"
    assert json_of(sent(function, {"extra": 5})) == {"extra": 5}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("body", [{}, {"body": {"type": "json", "data": {"a": 1}}}])
def test_a_method_without_a_body_takes_them_in_the_query(
    unit: dict[str, Any], method: str, body: dict[str, Any]
) -> None:
    function, place = calling({"method": method, **body}, unit)
    assert place == "sent in the query"
    assert query_of(sent(function, {"extra": 5})) == [("extra", "5")]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ({"body": {"type": "json", "data": {"a": 1}}}, b'{"a":1}'),
        ({"body": {"type": "json", "data": '{"a": 1}'}}, b'{"a":1}'),
        ({"body": '{"a": 1}'}, b'{"a":1}'),
        ({"body": {"type": "json", "data": "{{tools.body}}"}}, b'{"b":2}'),
        ({"body": {"type": "json", "data": [1, 2]}}, b"[1,2]"),
        ({"body": {"type": "text", "data": "words"}}, b"words"),
        ({"body": {"type": "form", "data": "a=b"}}, b"a=b"),
        ({"inputParameters": [{"name": "a", "in": "body"}, {"name": "c", "in": "body"}]}, b'{"a":1}'),
        ({"inputParameters": [{"name": "body", "in": "body", "type": "object"}]}, b'{"b":2}'),
    ],
)
def test_a_body_that_is_described_holds_nothing_else(
    unit: dict[str, Any], method: str, operation: dict[str, Any], body: bytes
) -> None:
    function, place = calling({"method": method, **operation}, unit)
    assert place == "not sent"
    request = sent(function, {"extra": 5, "a": 1, "body": {"b": 2}})
    assert (request.body, query_of(request)) == (body, [])
