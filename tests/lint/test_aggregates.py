"""Aggregates: descriptions of functions, and what adapters promise of them."""

from lint.marks import assert_marked


def test_a_function_without_description_is_told_by_its_own_word() -> None:
    (message,) = assert_marked(
        "aggregate-flow-description",
        """\
naftiko: 1.0.0-alpha2
capability:
  aggregates:
  - label: Fleet
    namespace: fleet
    functions:
    - ▶name: get-ship
      call: api.get-ship
    - {name: get-crew, description: The crew}
""",
    )
    assert message.startswith("the function `get-ship` has no description")


def test_a_flow_without_description_is_told_by_its_own_word() -> None:
    (message,) = assert_marked(
        "aggregate-flow-description",
        """\
ikanos: 1.0.0-beta5
aggregates:
- display: Fleet
  namespace: fleet
  flows: {▶get-ship: {call: api.get-ship}, get-crew: {description: The crew}}
""",
    )
    assert message.startswith("the flow `get-ship` has no description")


FLEET = """\
ikanos: 1.0.0-beta5
capability:
  aggregates:
  - display: Fleet
    namespace: fleet
    flows:
      get: {description: x, semantics: {safe: true, idempotent: true}}
      move: {description: x, semantics: {safe: false, idempotent: false}}
      plain: {description: x}
"""


def test_hints_that_contradict_the_semantics_are_told_at_the_hint() -> None:
    messages = assert_marked(
        "aggregate-semantics-consistency",
        FLEET
        + """\
  exposes:
  - type: mcp
    tools:
      a: {ref: fleet.get, hints: {readOnly: ▶false, destructive: ▶true, idempotent: ▶false, openWorld: true}}
      b: {ref: fleet.get, hints: {readOnly: true, destructive: false, idempotent: true}}
      c: {ref: fleet.move, hints: {readOnly: ▶true, destructive: true, idempotent: ▶true}}
      d: {ref: fleet.plain, hints: {readOnly: true}}
      e: {ref: other.get, hints: {readOnly: false}}
      f: {ref: fleet.get}
""",
    )
    assert messages[0] == "the hint `readOnly: false` contradicts `safe: true` of `fleet.get`"
    assert messages[1] == "the hint `destructive: true` contradicts `safe: true` of `fleet.get`"


def test_methods_that_contradict_the_semantics_are_told_at_the_method() -> None:
    messages = assert_marked(
        "aggregate-semantics-consistency",
        FLEET
        + """\
  exposes:
  - type: rest
    resources:
      ships:
        path: /ships
        operations:
          a: {method: ▶POST, ref: fleet.get}
          b: {method: GET, ref: fleet.get}
          c: {method: ▶GET, ref: fleet.move}
          d: {method: ▶DELETE, ref: fleet.move}
          e: {method: PATCH, ref: fleet.move}
          f: {method: PUT, ref: fleet.plain}
""",
    )
    assert messages == [
        "the method POST contradicts `safe: true` of `fleet.get`",
        "the method GET contradicts `safe: false` of `fleet.move`",
        "the method DELETE contradicts `idempotent: false` of `fleet.move`",
    ]


def test_semantics_that_say_only_idempotent_are_held_against_post() -> None:
    assert_marked(
        "aggregate-semantics-consistency",
        """\
naftiko: 1.0.0-alpha2
capability:
  aggregates:
  - {label: F, namespace: fleet, functions: [{name: put, description: x, semantics: {idempotent: true}}]}
  exposes:
  - type: rest
    resources:
    - {path: /a, operations: [{method: ▶POST, ref: fleet.put}, {method: PUT, ref: fleet.put}]}
""",
    )
