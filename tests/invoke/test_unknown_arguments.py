"""Arguments of ``with`` that the operation does not know: they travel where the warning says."""

from __future__ import annotations

from typing import Any

import pytest

from consume.recording import Recorder, capability, consumes, invoke, json_of, query_of, sent
from naftiko_run.errors import InvalidInput
from naftiko_run.invoke import Function


def calling(body: Any, parameters: list[dict[str, Any]] | None = None) -> tuple[Function, str]:
    """Give a tool that fills `extra`, and where its warning says that it goes."""
    operation = {"method": "POST", "inputParameters": parameters or [], **({"body": body} if body else {})}
    unit = {"name": "t", "call": "api.op", "with": {"extra": "tools.extra"}}
    exposes = {"type": "mcp", "namespace": "m", "tools": [unit]}
    loaded = capability({"capability": {"consumes": [consumes(operation)], "exposes": [exposes]}})
    (told,) = [each.message for each in loaded.diagnostics if each.code == "unknown-argument"]
    return loaded.function("m.t"), told.rpartition(" ")[2]


@pytest.mark.parametrize(
    "body",
    [
        None,
        {"type": "json", "data": {"a": 1}},
        {"type": "json", "data": '{"a": 1}'},
        '{"a": 1}',
        {"type": "json"},
    ],
)
def test_an_object_takes_them_as_fields(body: Any) -> None:
    function, place = calling(body)
    assert place == "body"
    assert json_of(sent(function, {"extra": 5}))["extra"] == 5


@pytest.mark.parametrize(
    "body",
    [
        {"type": "text", "data": "words"},
        {"type": "xml", "data": "<a/>"},
        {"type": "binary", "data": "eA=="},
        {"type": "json", "data": [1, 2]},
        {"type": "json", "data": "[1, {{tools.x}}]"},
        {"type": "json", "data": '{ {{#list}}"{{.}}": 1{{/list}} }'},
        {"type": "form", "data": "a=b"},
        {"type": "multipart", "data": [{"name": "a", "value": "b"}]},
        {"type": "xml"},
        "words",
    ],
)
def test_what_is_no_object_leaves_them_to_the_query(body: Any) -> None:
    function, place = calling(body)
    assert place == "query"
    assert query_of(sent(function, {"extra": 5, "x": 1, "list": ["k"]})) == [("extra", "5")]


def test_a_whole_body_that_is_an_array_leaves_them_to_the_query() -> None:
    function, place = calling(None, [{"name": "items", "in": "body", "type": "array"}])
    assert place == "query"
    request = sent(function, {"items": [1], "extra": 5})
    assert (json_of(request), query_of(request)) == ([1], [("extra", "5")])


@pytest.mark.parametrize("body", ["{{tools.body}}", {"type": "json", "data": "{{tools.body}}"}])
def test_a_body_that_the_caller_makes_something_else_is_refused(body: Any) -> None:
    function, place = calling(body)
    assert place == "body"
    assert json_of(sent(function, {"body": {"a": 1}, "extra": 5})) == {"a": 1, "extra": 5}
    recorder = Recorder()
    with pytest.raises(InvalidInput, match="`extra` travels in it"):
        invoke(function, {"body": [1], "extra": 5}, recorder)
    assert recorder.requests == []
