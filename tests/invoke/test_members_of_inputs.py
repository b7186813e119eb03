"""``{{o.k}}``: the member k of the declared input o, wherever it is written."""

from __future__ import annotations

from typing import Any

import pytest

from consume.recording import capability, consumes, header_of, json_of, sent, tool
from naftiko_run.invoke import Function

DECLARED = {"inputParameters": [{"name": "o", "type": "object", "required": True}]}
INPUTS = {"o": {"k": 5, "list": [{"n": "a b"}], "t": "x"}}


def inputs_of(function: Function) -> list[str]:
    return [each.name for each in function.inputs]


def test_in_a_body() -> None:
    data = {"whole": "{{o.k}}", "text": "k={{tools.o.k}}", "deep": "{{o.list.0.n}}", "gone": "{{o.other}}"}
    function = tool({"method": "POST", "body": {"type": "json", "data": data}}, DECLARED)
    assert inputs_of(function) == ["o"]
    assert json_of(sent(function, INPUTS)) == {"whole": 5, "text": "k=5", "deep": "a b"}


@pytest.mark.parametrize("written", ["{{o.k}}", "{{tools.o.k}}", "tools.o.k"])
@pytest.mark.parametrize("kind", ["object", None])
def test_in_with(written: str, kind: str | None) -> None:
    unit = {"inputParameters": [{"name": "o", "type": kind}], "with": {"q": written}}
    function = tool({"inputParameters": [{"name": "q", "in": "query"}]}, unit)
    assert inputs_of(function) == ["o"]
    assert sent(function, INPUTS).url.endswith("/things?q=5")


def test_in_a_path_a_query_and_a_header() -> None:
    parameters = [
        {"name": "q", "in": "query", "value": "{{o.t}}"},
        {"name": "H", "in": "header", "value": "{{tools.o.t}}-{{o.k}}"},
    ]
    function = tool({"inputParameters": parameters}, DECLARED, path="/things/{o.k}/{{o.list.0.n}}")
    assert inputs_of(function) == ["o"]
    request = sent(function, INPUTS)
    assert request.url == "https://api.example.com/v1/things/5/a%20b?q=x"
    assert header_of(request, "H") == "x-5"


def test_of_a_parameter_that_the_operation_declares() -> None:
    operation = {
        "method": "POST",
        "inputParameters": [{"name": "o", "in": "query", "type": "object"}],
        "body": {"type": "json", "data": {"k": "{{o.k}}"}},
    }
    function = tool(operation)
    assert inputs_of(function) == ["o"]
    assert json_of(sent(function, INPUTS)) == {"k": 5}


def test_in_steps() -> None:
    steps = [{"name": "s", "type": "call", "call": "api.op", "with": {"q": "{{o.k}}"}}]
    unit: dict[str, Any] = {"name": "t", **DECLARED, "steps": steps}
    exposes = {"type": "mcp", "namespace": "m", "tools": [unit]}
    entry = consumes({"inputParameters": [{"name": "q", "in": "query"}]})
    function = capability({"capability": {"consumes": [entry], "exposes": [exposes]}}).function("m.t")
    assert inputs_of(function) == ["o"]


@pytest.mark.parametrize("declared", [[], [{"name": "o", "type": "string", "required": True}]])
def test_of_what_has_no_members_the_dotted_name_is_the_input(declared: list[dict[str, Any]]) -> None:
    data = {"k": "{{tools.o.k}}"}
    function = tool({"method": "POST", "body": {"type": "json", "data": data}}, {"inputParameters": declared})
    assert "o.k" in inputs_of(function)
    assert json_of(sent(function, {"o": "x", "o.k": 5})) == {"k": 5}
