"""Orchestration: steps, the data that they exchange, and the result."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from invoke.flows import ANSWERS, CREW, SHIPS, answering, call, tool
from naftiko_run.errors import DocumentError, InvalidInput, MissingBinding, StepFailed, UpstreamUnreachable
from naftiko_run.invoke.steps import order_steps
from support.upstream import Answer, Upstream

SHIP_WITH_CREW = """
inputParameters: [{name: imo, type: string, description: d}]
steps:
- {type: call, name: get-ship, call: fleet.get-ship, with: {imo: "{{imo}}"}}
- {type: call, name: list-crew, call: fleet.list-crew}
- {type: lookup, name: resolve, index: list-crew, match: id, lookupValue: $.get-ship.crew, outputParameters: [name, role]}
mappings:
- {targetName: ship.name, value: $.get-ship.name}
- {targetName: ship.length, value: $.get-ship.size.length}
- {targetName: crew, value: $.resolve}
- {targetName: first, value: "{{get-ship.name}} and {{imo}}"}
outputParameters:
- {name: ship, type: object, properties: {name: {type: string}, length: {type: number}}}
- {name: crew, type: array, items: [{name: name, type: string}, {name: role, type: string}]}
- {name: first, type: string}
"""


def test_steps_give_to_each_other_and_to_the_answer(upstream: Upstream) -> None:
    outcome = call(tool(answering(upstream), SHIP_WITH_CREW), {"imo": "IMO-1"})
    assert outcome.value == {
        "ship": {"name": "Northern Star", "length": 294.0},
        "crew": [{"name": "Bo", "role": "cook"}, {"name": "Ann", "role": "captain"}],
        "first": "Northern Star and IMO-1",
    }


def test_the_inputs_of_all_steps_can_be_given(upstream: Upstream) -> None:
    function = tool(
        upstream,
        """
        steps:
        - {type: call, name: one, call: fleet.get-ship}
        - {type: call, name: two, call: fleet.list-ships, with: {status: "{{one.status}}"}}
        - {type: lookup, name: three, index: two, match: name, lookupValue: "{{wanted}}"}
        mappings: [{targetName: note, value: "{{note}}"}]
        """,
    ).function("m.t")
    assert function.input_schema == {
        "type": "object",
        "properties": {"imo": {}, "wanted": {}, "note": {}},
        "required": ["imo"],
    }


def test_a_flow_that_declares_inputs_is_asked_for_no_filter_of_its_steps(upstream: Upstream) -> None:
    function = tool(
        upstream,
        """
        inputParameters: [{name: wanted, type: string, description: d}]
        steps:
        - {type: call, name: ships, call: fleet.list-ships}
        - {type: call, name: ship, call: fleet.get-ship}
        - {type: lookup, name: found, index: ships, match: name, lookupValue: "{{wanted}}"}
        """,
    ).function("m.t")
    assert [each.name for each in function.inputs] == ["wanted", "imo"]


def test_steps_that_need_nothing_of_each_other_run_at_the_same_time(upstream: Upstream) -> None:
    capability = tool(
        answering(upstream),
        """
        steps:
        - {type: call, name: ships, call: fleet.list-ships}
        - {type: call, name: crew, call: fleet.list-crew}
        mappings: [{targetName: ships, value: $.ships.length}, {targetName: crew, value: $.crew.length}]
        """,
    )

    async def invoke() -> Any:
        with upstream.held():
            task = asyncio.create_task(capability.function("m.t").invoke({}))
            await asyncio.to_thread(upstream.wait_for, 2)
        outcome = await task
        await capability.aclose()
        return outcome.value

    assert asyncio.run(invoke()) == {"ships": 2, "crew": 3}


def test_a_step_that_changes_something_keeps_its_place(upstream: Upstream) -> None:
    written = """
    inputParameters: [{name: name, type: string, description: d}]
    steps:
    - {type: call, name: before, call: fleet.list-ships}
    - {type: call, name: add, call: fleet.add-ship}
    - {type: call, name: after, call: fleet.list-crew}
    mappings: [{targetName: done, value: true}]
    """
    assert call(tool(answering(upstream), written), {"name": "N"}).value == {"done": True}
    assert [(each.method, each.path) for each in upstream.received] == [
        ("GET", "/ships"),
        ("POST", "/ships"),
        ("GET", "/crew"),
    ]


def test_a_step_may_stand_before_the_one_that_it_needs(upstream: Upstream) -> None:
    written = """
    steps:
    - {type: lookup, name: found, index: ships, match: name, lookupValue: Sea Breeze, outputParameters: [imo_number]}
    - {type: call, name: ships, call: fleet.list-ships}
    mappings: [{targetName: imo, value: $.found.imo_number}]
    """
    assert call(tool(answering(upstream), written)).value == {"imo": "IMO-2"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.member.who", "Ann"),
        ("$.member.age", 41),
        ("$.member", {"who": "Ann", "rank": 1, "age": 41}),
        ("$.member.secret", "s"),
        ("$.member.profile.rank", 1),
        ("{{member.who}}!", "Ann!"),
        ("{{member}}", {"who": "Ann", "rank": 1, "age": 41}),
        ("$.id", "7"),
        ("{{member.tags.1.name}}", "b"),
        ("is {{member.tags.0.name}}", "is a"),
    ],
)
def test_what_a_step_gives_is_what_its_operation_names(upstream: Upstream, path: str, expected: Any) -> None:
    written = f"""
    inputParameters: [{{name: id, type: string, description: d}}]
    steps: [{{type: call, name: member, call: fleet.get-member}}]
    mappings: [{{targetName: got, value: "{path}"}}]
    """
    assert call(tool(answering(upstream), written), {"id": "7"}).value == {"got": expected}


def test_elements_of_a_list_get_the_names_that_the_operation_gives_them(upstream: Upstream) -> None:
    written = """
    steps:
    - {type: call, name: ships, call: fleet.list-ships}
    - {type: lookup, name: found, index: ships, match: number, lookupValue: IMO-2, outputParameters: [name, number, none]}
    mappings: [{targetName: found, value: $.found}, {targetName: all, value: "$.ships[*].number"}]
    """
    assert call(tool(answering(upstream), written)).value == {
        "found": {"name": "Sea Breeze", "number": "IMO-2", "none": None},
        "all": ["IMO-1", "IMO-2"],
    }


@pytest.mark.parametrize(
    ("match", "wanted", "expected"),
    [
        ("id", "2", {"name": "Bo"}),
        ("id", "'2'", {"name": "Cy"}),
        ("id", "1.0", {"name": "Ann"}),
        ("id", "true", None),
        ("id", "'1'", {"name": "Ann"}),
        ("number", "7", {"name": "Bo"}),
        ("number", "7.0", {"name": "Bo"}),
        ("number", "'7'", {"name": "Bo"}),
        ("number", "'8'", {"name": "Cy"}),
        ("number", "['7', 8, 9]", [{"name": "Bo"}, {"name": "Cy"}]),
        ("active", "'true'", {"name": "Ann"}),
        ("active", "true", {"name": "Ann"}),
        ("active", "[false, 'true']", [{"name": "Bo"}, {"name": "Ann"}]),
        ("active", "'null'", None),
        ("active", "[1]", []),
        ("id", "9", None),
        ("none", "1", None),
        ("ship", "IMO-1", [{"name": "Ann"}, {"name": "Bo"}]),
        ("ship", "[IMO-2, IMO-1]", [{"name": "Cy"}, {"name": "Ann"}, {"name": "Bo"}]),
        ("id", "[9, '2']", [{"name": "Cy"}]),
        ("id", "[]", []),
        ("id", "[9, 8]", []),
    ],
)
def test_a_lookup_compares_with_types_first_and_then_as_text(
    upstream: Upstream, match: str, wanted: str, expected: Any
) -> None:
    written = f"""
    steps:
    - {{type: call, name: crew, call: fleet.list-crew}}
    - {{type: lookup, name: found, index: crew, match: {match}, lookupValue: {wanted}, outputParameters: [name]}}
    mappings: [{{targetName: found, value: $.found}}]
    outputParameters: [{{name: found, type: object}}]
    """
    more: tuple[dict[str, Any], ...] = (
        {"active": True},
        {"active": False, "number": "7"},
        {"active": None, "number": 8.0},
    )
    crew = [{**member, **rest} for member, rest in zip(CREW, more, strict=True)]
    assert call(tool(answering(upstream, {"/crew": crew}), written)).value == {"found": expected}


def test_a_long_list_is_looked_up_in_a_long_list_of_other_types(upstream: Upstream) -> None:
    answers = {
        "/crew": [{"id": str(each)} for each in range(20_000)],
        "/ships/IMO-1": {"crew": list(range(20_000))},
    }
    written = """
    steps:
    - {type: call, name: crew, call: fleet.list-crew}
    - {type: call, name: ship, call: fleet.get-ship, with: {imo: IMO-1}}
    - {type: lookup, name: found, index: crew, match: id, lookupValue: $.ship.crew}
    mappings: [{targetName: n, value: $.found.length}]
    """
    assert call(tool(answering(upstream, answers), written)).value == {"n": 20_000}


def test_a_field_of_several_entries_is_the_first_ones(upstream: Upstream) -> None:
    written = """
    steps:
    - {type: call, name: crew, call: fleet.list-crew}
    - {type: lookup, name: found, index: crew, match: ship, lookupValue: IMO-1}
    mappings: [{targetName: first, value: $.found.name}, {targetName: second, value: "$.found[1].name"}]
    """
    assert call(tool(answering(upstream), written)).value == {"first": "Ann", "second": "Bo"}


def test_a_lookup_searches_in_a_part_of_a_step(upstream: Upstream) -> None:
    answering(upstream, {**ANSWERS, "/crew": {"data": {"members": CREW}}})
    written = """
    inputParameters: [{name: role, type: string, description: d}]
    steps:
    - {type: call, name: crew, call: fleet.list-crew}
    - {type: lookup, name: found, index: crew.data.members, match: role, lookupValue: m.role}
    mappings: [{targetName: who, value: $.found.name}]
    """
    assert call(tool(upstream, written), {"role": "cook"}).value == {"who": "Bo"}


def test_without_mappings_the_last_step_is_the_answer(upstream: Upstream) -> None:
    steps = "steps: [{type: call, name: one, call: fleet.list-crew}, {type: call, name: two, call: fleet.list-ships}]"
    assert call(tool(answering(upstream), steps)).value == [
        {**ship, "number": ship["imo_number"]} for ship in SHIPS
    ]
    shaped = (
        steps
        + "\noutputParameters: [{type: array, items: {type: object, properties: {n: {type: string, mapping: $.name}}}}]"
    )
    assert call(tool(upstream, shaped)).value == [{"n": "Northern Star"}, {"n": "Sea Breeze"}]


def test_declared_types_are_applied_and_what_was_not_found_is_null(upstream: Upstream) -> None:
    written = """
    steps: [{type: call, name: one, call: fleet.list-crew}]
    mappings: [{targetName: id, value: "$.one[2].id"}, {targetName: a.b, value: $.one.length}, {targetName: gone, value: $.one.gone}]
    outputParameters:
    - {name: id, type: number}
    - {name: a, type: object, properties: {b: {type: string}, c: {type: string}}}
    - {name: gone, type: string}
    """
    assert call(tool(answering(upstream), written)).value == {
        "id": 2,
        "a": {"b": "3", "c": None},
        "gone": None,
    }


def test_what_is_mapped_and_not_declared_is_in_the_answer_too(upstream: Upstream) -> None:
    written = """
    steps: [{type: call, name: one, call: fleet.list-crew}]
    mappings: [{targetName: n, value: $.one.length}, {targetName: more.first, value: "$.one[0].name"}]
    outputParameters: [{name: n, type: string}]
    """
    assert call(tool(answering(upstream), written)).value == {"n": "3", "more": {"first": "Ann"}}


@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_a_failure_ends_the_flow_and_names_the_step(upstream: Upstream, status: int) -> None:
    failing = Answer(status, b'{"why": "no"}', (("content-type", "application/json"), ("retry-after", "7")))
    answering(upstream, {**ANSWERS, "/ships/IMO-1": failing})
    written = """
    inputParameters: [{name: imo, type: string, description: d}]
    steps:
    - {type: call, name: ship, call: fleet.get-ship}
    - {type: call, name: add, call: fleet.add-ship, with: {name: $.ship.name}}
    """
    with pytest.raises(
        StepFailed, match=f"the step `ship` failed: fleet.get-ship answered {status}"
    ) as failed:
        call(tool(upstream, written), {"imo": "IMO-1"})
    fault = failed.value
    assert (fault.step, fault.status, fault.body, fault.retry_after) == ("ship", status, {"why": "no"}, "7")
    assert [each.path for each in upstream.received] == ["/ships/IMO-1"]


def test_a_step_beside_the_one_that_failed_is_ended(upstream: Upstream) -> None:
    written = """
    steps:
    - {type: call, name: crew, call: fleet.list-crew}
    - {type: call, name: ship, call: fleet.get-ship, with: {imo: none}}
    """
    with pytest.raises(StepFailed, match="the step `ship` failed"):
        call(tool(answering(upstream), written))


def test_what_no_earlier_step_gave_is_no_fault_of_the_callers(upstream: Upstream) -> None:
    written = """
    steps:
    - {type: call, name: crew, call: fleet.list-crew}
    - {type: call, name: ship, call: fleet.get-ship, with: {imo: $.crew.none}}
    """
    with pytest.raises(
        StepFailed, match="the step `ship` failed: its request could not be sent: /imo"
    ) as failed:
        call(tool(answering(upstream), written))
    assert failed.value.status == 502


def test_an_input_that_cannot_be_sent_is_the_callers_fault(upstream: Upstream) -> None:
    written = "steps: [{type: call, name: ship, call: fleet.get-ship}]"
    with pytest.raises(InvalidInput, match=r"/imo"):
        call(tool(upstream, written), {"imo": ".."})
    assert upstream.received == []


def test_an_upstream_that_is_not_there_is_told_with_its_step(upstream: Upstream) -> None:
    answering(upstream, {**ANSWERS, "/ships": Answer(cut_after=1)})
    written = "steps: [{type: call, name: ships, call: fleet.list-ships}]"
    with pytest.raises(UpstreamUnreachable, match=r"the step `ships` failed: fleet\.list-ships"):
        call(tool(upstream, written))


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ("[{type: call, name: a, call: fleet.none}]", "its step `a` cannot work: it calls `fleet.none`"),
        ("[{type: lookup, name: a, index: b, match: x, lookupValue: y}]", "searches in `b`, which is not a step; other steps: none"),
        ("[{type: lookup, name: a, match: x}]", "is a lookup without `index` and `lookupValue`"),
        ("[{type: wait, name: a}]", "has the unknown type `wait`; write one of call, lookup, script"),
        ("[{type: call, name: a, call: fleet.list-crew}, {type: call, name: a, call: fleet.list-crew}]", "two of its steps are named `a`"),
        ("[{type: call, name: a, call: fleet.get-ship, with: {imo: $.b.x}}, {type: call, name: b, call: fleet.get-ship, with: {imo: $.a.x}}]", "in a cycle: a → b → a"),
        ("[{type: call, name: a, call: fleet.get-ship, with: {imo: $.typo.x}}]", "`$.typo.x` refers to no step or input; its steps are: a"),
        ("[{type: script, name: a}]", "is a script without `file`"),
    ],
)  # fmt: skip
def test_steps_that_cannot_work_are_refused_when_the_document_loads(
    upstream: Upstream, steps: str, reason: str
) -> None:
    with pytest.raises(DocumentError) as refused:
        tool(upstream, f"steps: {steps}")
    assert reason in str(refused.value.diagnostics)


def test_steps_wait_for_what_they_need_and_for_what_changes() -> None:
    needs = {"a": (), "b": ("a",), "c": (), "d": (), "e": ("d",)}
    ordered = order_steps({name: frozenset(each) for name, each in needs.items()}, frozenset({"c"}))
    assert ordered == [("a", ()), ("b", (0,)), ("c", (0, 1)), ("d", (2,)), ("e", (2, 3))]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.crew[?(@.ship=='IMO-1')].name", ["Ann", "Bo"]),
        ("$.crew[?(@.id==1)].role", ["captain"]),
        ("$.crew[0:2].name", ["Ann", "Bo"]),
        ("$.crew..name", ["Ann", "Bo", "Cy"]),
    ],
)
def test_filters_and_slices_reach_into_a_steps_list(upstream: Upstream, path: str, found: list[str]) -> None:
    written = f"""
    steps: [{{type: call, name: crew, call: fleet.list-crew}}]
    mappings: [{{targetName: found, value: "{path}"}}]
    """
    assert call(tool(answering(upstream), written)).value == {"found": found}


@pytest.mark.parametrize(
    ("step", "needing"),
    [
        ("{type: call, name: two, call: fleet.list-ships, with: {status: '{{env.NOT_SET}}'}}", "t"),
        ("{type: call, name: two, call: fleet.find-crew}", "fleet.find-crew"),
    ],
)
def test_a_missing_binding_is_told_of_what_needs_it(upstream: Upstream, step: str, needing: str) -> None:
    steps = f"steps: [{{type: call, name: one, call: fleet.list-crew}}, {step}]"
    capability = tool(answering(upstream), steps)
    ((variable, told),) = capability.missing().items()
    assert (variable.name, told) == ("NOT_SET", [needing])
    with pytest.raises(MissingBinding, match=f"^{needing} needs NOT_SET"):
        call(capability)
    assert not upstream.received


def test_a_step_may_have_the_name_of_an_adapter(upstream: Upstream) -> None:
    written = """
    inputParameters: [{name: imo, type: string, description: d}]
    steps:
    - {type: call, name: m, call: fleet.get-ship, with: {imo: m.imo}}
    - {type: call, name: ships, call: fleet.list-ships, with: {status: "{{m.name}} {{m.imo}}"}}
    """
    capability = tool(answering(upstream), written)
    assert capability.function("m.t").input_schema["properties"].keys() == {"imo"}
    call(capability, {"imo": "IMO-1"})
    assert upstream.received[1].query == "status=Northern%20Star%20IMO-1"
