"""Aggregates: functions that tools and routes refer to, and extend."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from invoke.flows import answering, call, document, tool
from naftiko_run.capability import Capability
from naftiko_run.document.model import McpExposes
from naftiko_run.errors import DocumentError
from support.upstream import Upstream

AGGREGATE: dict[str, Any] = yaml.safe_load("""
label: Ships
namespace: ships
functions:
- name: get-ship
  description: One ship by its number
  semantics: {safe: true, idempotent: true}
  inputParameters: [{name: imo, type: string, description: The number}, {name: note, type: string, description: n, required: false}]
  call: fleet.get-ship
  with: {imo: ships.imo}
  outputParameters: [{type: object, properties: {name: {type: string, mapping: $.name}}}]
- name: mocked
  description: Says what it is given
  inputParameters: [{name: word, type: string, description: w}]
  outputParameters: [{name: said, type: string, value: "{{word}}"}]
- name: add
  description: Adds one
  semantics: {safe: false, idempotent: false}
  inputParameters: [{name: name, type: string, description: n}]
  call: fleet.add-ship
- name: broken
  description: Calls nothing that is there
  call: fleet.none
""")


def test_a_tool_takes_everything_from_the_function(upstream: Upstream) -> None:
    capability = tool(answering(upstream), "ref: ships.get-ship", [AGGREGATE])
    function = capability.function("m.t")
    assert function.description == "One ship by its number"
    assert function.input_schema["properties"]["imo"] == {"type": "string", "description": "The number"}
    assert function.input_schema["required"] == ["imo"]
    assert call(capability, {"imo": "IMO-1"}).value == {"name": "Northern Star"}


def test_a_tool_wins_over_the_function_field_by_field(upstream: Upstream) -> None:
    capability = tool(
        answering(upstream),
        """
        ref: ships.get-ship
        description: Mine
        inputParameters: [{name: imo, description: My number}]
        outputParameters: [{type: string, mapping: $.imo_number}]
        """,
        [AGGREGATE],
    )
    function = capability.function("m.t")
    assert function.description == "Mine"
    assert function.input_schema["properties"] == {
        "imo": {"type": "string", "description": "My number"},
        "note": {"type": "string", "description": "n"},
    }
    assert call(capability, {"imo": "IMO-1"}).value == "IMO-1"


@pytest.mark.parametrize(
    ("with_", "inputs", "schema"),
    [
        ("{imo: IMO-1}", {}, {"note"}),
        ("{imo: m.number}", {"number": "IMO-1"}, {"number", "note"}),
        ("{imo: 'IMO-{{digit}}'}", {"digit": 1}, {"digit", "note"}),
    ],
)
def test_a_tools_with_fills_the_functions_inputs(
    upstream: Upstream, with_: str, inputs: dict[str, Any], schema: set[str]
) -> None:
    capability = tool(answering(upstream), f"ref: ships.get-ship\nwith: {with_}", [AGGREGATE])
    assert capability.function("m.t").input_schema["properties"].keys() == schema
    assert call(capability, inputs).value == {"name": "Northern Star"}


@pytest.mark.parametrize(
    ("with_", "inputs", "schema"),
    [
        ("{}", {"number": 1}, {"number", "note"}),
        ("{number: 1}", {}, {"note"}),
        ("{number: m.digit, note: n}", {"digit": 1}, {"digit"}),
    ],
)
def test_a_function_that_refers_to_another_keeps_its_with(
    upstream: Upstream, with_: str, inputs: dict[str, Any], schema: set[str]
) -> None:
    numbered = yaml.safe_load("""
    name: numbered
    description: One ship by the number alone
    ref: ships.get-ship
    inputParameters: [{name: number, type: integer, description: d}]
    with: {imo: "IMO-{{number}}"}
    """)
    aggregate = {**AGGREGATE, "functions": [*AGGREGATE["functions"], numbered]}
    capability = tool(answering(upstream), f"ref: ships.numbered\nwith: {with_}", [aggregate])
    assert capability.function("m.t").input_schema["properties"].keys() == schema
    assert call(capability, inputs).value == {"name": "Northern Star"}
    assert _hints(capability) == (True, False, True, None)


def test_a_mock_may_be_referred_to(upstream: Upstream) -> None:
    assert call(tool(upstream, "ref: ships.mocked", [AGGREGATE]), {"word": "hi"}).value == {"said": "hi"}


def test_a_function_of_an_aggregate_can_be_invoked_itself(upstream: Upstream) -> None:
    capability = tool(answering(upstream), "ref: ships.get-ship", [AGGREGATE])
    assert call(capability, {"imo": "IMO-1"}, "ships.get-ship").value == {"name": "Northern Star"}


def test_a_route_inherits_the_inputs(upstream: Upstream) -> None:
    exposes = yaml.safe_load("""
    type: rest
    namespace: r
    resources:
    - {path: "/ships/{imo}", operations: [{name: one, method: GET, ref: ships.get-ship}]}
    - {path: /ships, operations: [{name: by-query, method: GET, ref: ships.get-ship}]}
    """)
    capability = document(answering(upstream), [exposes], [AGGREGATE])
    (route, query) = capability.functions_of(capability.document.exposes[0])
    assert [each.name for each in route.inputs] == ["imo", "note"]
    assert query.input_schema["required"] == ["imo"]
    assert call(capability, {"imo": "IMO-1"}, "r.one").value == {"name": "Northern Star"}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{ref: ships.get-ship}", (True, False, True, None)),
        ("{ref: ships.add}", (False, None, False, None)),
        ("{ref: ships.mocked}", None),
        ("{ref: ships.get-ship, hints: {destructive: true, openWorld: true}}", (True, True, True, True)),
        ("{ref: ships.get-ship, hints: {readOnly: false}}", (False, False, True, None)),
        ("{ref: ships.get-ship, call: fleet.add-ship}", None),
    ],
)
def test_semantics_become_hints_and_the_tools_own_win(
    upstream: Upstream, written: str, expected: Any
) -> None:
    assert _hints(tool(upstream, written, [AGGREGATE])) == expected


def _hints(capability: Capability) -> Any:
    (exposes,) = capability.document.exposes
    assert isinstance(exposes, McpExposes)
    hints = exposes.tools[0].hints
    return hints and (hints.read_only, hints.destructive, hints.idempotent, hints.open_world)


@pytest.mark.parametrize(
    ("ref", "reason"),
    [
        ("ships.get-shop", "it refers to `ships.get-shop`, which does not exist; did you mean `ships.get-ship`?"),
        ("x.y", "which does not exist; these exist: ships.get-ship, ships.mocked, ships.add, ships.broken"),
        ("ships.broken", "it refers to `ships.broken`, which cannot work: it calls `fleet.none`"),
    ],
)  # fmt: skip
def test_a_bad_ref_says_which_there_are(upstream: Upstream, ref: str, reason: str) -> None:
    with pytest.raises(DocumentError) as refused:
        tool(upstream, f"ref: {ref}", [AGGREGATE])
    assert reason in str(refused.value.diagnostics)


def test_the_ikanos_line_writes_flows_and_named_maps(upstream: Upstream) -> None:
    aggregate = yaml.safe_load("""
    display: Ships
    namespace: ships
    flows:
      names:
        description: All names
        semantics: {safe: true}
        inputParameters: {status: {type: string, description: s, required: false}}
        steps:
          ships: {type: call, call: fleet.list-ships, with: {status: "{{status}}"}}
          crew: {type: call, call: fleet.list-crew}
        mappings: [{target: ships, value: $.ships}, {target: count, value: $.crew.length}]
        outputParameters:
          ships: {type: array, items: {name: {type: string}, number: {type: string}}}
          count: {type: number}
    """)
    exposes = {"type": "mcp", "namespace": "m", "tools": {"t": {"display": "Names", "ref": "ships.names"}}}
    capability = document(answering(upstream), [exposes], [aggregate])
    assert call(capability).value == {
        "ships": [
            {"name": "Northern Star", "number": "IMO-1"},
            {"name": "Sea Breeze", "number": "IMO-2"},
        ],
        "count": 3,
    }


def test_a_function_that_is_defined_twice_is_an_error_with_its_place(upstream: Upstream) -> None:
    twice = {**AGGREGATE, "functions": [AGGREGATE["functions"][1]] * 2}
    capability = tool(upstream, "ref: ships.mocked", [twice])
    (found,) = [each for each in capability.diagnostics if each.code == "duplicate-function"]
    assert found.is_error
    assert found.line > 1
