"""``with``: the meaning of each form of reference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from consume.recording import json_of, query_of, sent, tool
from expressions.values import json_values
from naftiko_run.bindings import Bindings
from naftiko_run.document.model import Bind
from naftiko_run.expressions import MISSING
from naftiko_run.invoke.references import References

PREFIXES = frozenset({"rest", "tools", "my-tools"})


def references(environment: dict[str, str] | None = None) -> References:
    bindings = Bindings([Bind(keys={"BOUND": "KEY"})], environment or {})
    return References(bindings, PREFIXES, ("city", "x.y"), {})


@pytest.mark.parametrize(
    "written",
    ["tools.city", "rest.city", "my-tools.city", "city", "{{city}}", "{{ tools.city }}", "{{rest.city}}"],
)
@given(value=json_values)
def test_an_input_keeps_its_type(written: str, value: Any) -> None:
    assert references().compile(written).evaluate({"city": value}) is value


@pytest.mark.parametrize(
    ("written", "name"),
    [("tools.body", "body"), ("tools.a.b", "a.b"), ("tools.$filter", "$filter"), ("x.y", "x.y")],
)
def test_the_name_of_an_input_may_hold_anything(written: str, name: str) -> None:
    compiled = references().compile(written)
    assert compiled.names == (name,)
    assert compiled.evaluate({name: 1, "a": {"b": 2}, "x": {"y": 2}}) == 1


@pytest.mark.parametrize(
    "written",
    [
        "town",
        "tools",
        "tools.",
        "other.city",
        "a b",
        "$.step.path",
        "",
        "https://x.y/z",
        "env.",
        5,
        1.5,
        True,
        False,
    ],
)
def test_anything_else_is_itself(written: Any) -> None:
    compiled = references().compile(written)
    assert not compiled.names
    assert compiled.evaluate({"town": "no", "city": "no"}) == written


def test_null_is_nothing_to_send() -> None:
    assert references().compile(None).evaluate({}) is MISSING


@pytest.mark.parametrize("written", ["env.BOUND", "{{env.BOUND}}", "{{BOUND}}"])
def test_bindings(written: str) -> None:
    compiled = references({"KEY": "v"}).compile(written)
    assert not compiled.names
    assert compiled.evaluate({"BOUND": "mine"}) == "v"


def test_a_missing_binding_is_noted() -> None:
    found = references()
    found.compile({"a": "env.OTHER", "b": ["{{BOUND}}"]})
    assert {variable.name for variable in found.missing} == {"OTHER", "KEY"}


def test_structures_are_resolved_through_and_through() -> None:
    written = {"a": ["tools.city", 5, {"b": "x-{{city}}", "c": "literal"}], "d": None, "e": "tools.nothing"}
    compiled = references().compile(written)
    assert compiled.names == ("city", "nothing")
    assert compiled.evaluate({"city": "B"}) == {"a": ["B", 5, {"b": "x-B", "c": "literal"}]}
    assert compiled.evaluate({}) == {"a": [5, {"c": "literal"}]}


def test_text_around_a_missing_input_is_not_sent() -> None:
    assert references().compile("user-{{city}}").evaluate({}) is MISSING
    function = tool({"inputParameters": [{"in": "query", "name": "q"}]}, {"with": {"q": "user-{{tools.id}}"}})
    assert query_of(sent(function, {"id": 5})) == [("q", "user-5")]
    assert query_of(sent(function)) == []


def test_the_namespace_of_an_adapter_is_a_prefix() -> None:
    function = tool({"method": "POST"}, {"with": {"body": {"a": "m.x", "b": "tools.y", "c": "rest.z"}}})
    assert json_of(sent(function, {"x": 1, "y": 2, "z": 3})) == {"a": 1, "b": 2, "c": 3}


def test_the_mapping_of_an_input_fills_the_parameter_that_it_names() -> None:
    operation = {"inputParameters": [{"name": "cityId", "in": "query"}, {"name": "day", "in": "query"}]}
    inputs = [{"name": "city", "mapping": "queryParameters.cityId"}, {"name": "day", "mapping": "$.day"}]
    function = tool(operation, {"inputParameters": inputs})
    assert [each.name for each in function.inputs] == ["city", "day"]
    assert query_of(sent(function, {"city": "Oslo", "day": "1"})) == [("cityId", "Oslo"), ("day", "1")]
