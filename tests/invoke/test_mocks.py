"""Mocks: functions that call nothing and return values from the document."""

from __future__ import annotations

from typing import Any

import pytest

from invoke.flows import call, tool
from naftiko_run.errors import InvalidInput
from support.upstream import Upstream


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ("[{name: a, type: string, value: fixed}]", {"a": "fixed"}),
        ("[{name: a, type: number, value: '5'}, {name: b, type: number, value: '1.50'}]", {"a": 5, "b": 1.5}),
        ("[{name: a, type: boolean, value: 'true'}, {name: b, type: boolean, value: false}]", {"a": True, "b": False}),
        ("[{name: a, type: string, value: 5}]", {"a": "5"}),
        ("[{name: a, type: number, value: '{{n}}'}]", {"a": 7}),
        ("[{name: a, type: string, value: '{{n}}'}]", {"a": "7"}),
        ("[{name: a, type: string, value: 'Ship {{imo}} of {{n}}'}]", {"a": "Ship I-1 of 7"}),
        ("[{name: a, type: string, value: '{{none}}'}, {name: b, value: x}]", {"a": None, "b": "x"}),
        ("[{name: a, type: string, value: abcdef, maxLength: 3}]", {"a": "abc"}),
        ("[{name: a, type: object, properties: {b: {type: number, value: '1'}, c: {type: string, value: '{{imo}}'}}}]", {"a": {"b": 1, "c": "I-1"}}),
        ("[{name: a, type: array, items: {type: object, properties: {b: {type: string, value: x}}}}]", {"a": [{"b": "x"}]}),
        ("{a: {type: string, value: x}, b: {type: number, value: '2'}}", {"a": "x", "b": 2}),
        ("[{type: object, properties: {a: {type: string, value: x}}}]", {"a": "x"}),
        ("[{name: a, type: string, const: x}, {name: b, type: string}]", {"a": "x", "b": None}),
    ],
)  # fmt: skip
def test_values_of_its_own_with_their_declared_types(upstream: Upstream, outputs: str, expected: Any) -> None:
    written = f"outputParameters: {outputs}\ninputParameters: [{{name: imo, type: string}}, {{name: n, type: integer}}, {{name: none, type: string, required: false}}]"
    outcome = call(tool(upstream, written), {"imo": "I-1", "n": 7})
    assert (outcome.status, outcome.media_type, outcome.value) == (200, "application/json", expected)
    assert upstream.received == []


def test_the_inputs_of_a_mock_are_what_its_values_read(upstream: Upstream) -> None:
    function = tool(upstream, "outputParameters: [{name: a, value: '{{x}}-{{y}}'}]").function("m.t")
    assert function.input_schema == {"type": "object", "properties": {"x": {}, "y": {}}}


def test_the_inputs_of_a_mock_are_checked(upstream: Upstream) -> None:
    with pytest.raises(InvalidInput, match="/imo: is required"):
        call(
            tool(
                upstream,
                "inputParameters: [{name: imo, type: string}]\noutputParameters: [{name: a, value: x}]",
            )
        )


def test_an_output_of_a_call_may_bring_its_own_value(upstream: Upstream) -> None:
    upstream.answers_json([{"id": 1}])
    written = """
    inputParameters: [{name: source, type: string}]
    call: fleet.list-crew
    outputParameters: [{name: from, type: string, value: "{{source}}"}, {name: ids, type: array, mapping: "$[*].id"}]
    """
    assert call(tool(upstream, written), {"source": "fleet"}).value == {"from": "fleet", "ids": [1]}
