"""Names of namespaces, tools, functions and steps."""

import pytest

from lint.marks import assert_marked, findings
from naftiko_run.diagnostics import Severity


def test_a_namespace_that_stands_under_another_section_too_is_told_with_that_line() -> None:
    (message,) = assert_marked(
        "namespaces-unique",
        """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - {type: http, namespace: sales, baseUri: https://sales.test}
  exposes:
  - type: mcp
    namespace: ▶sales
  - {type: rest, namespace: sales-rest}
""",
    )
    assert message == "the namespace `sales` is already under `consumes`, on line 4"


def test_binds_at_the_root_and_below_the_capability_share_the_namespaces() -> None:
    assert_marked(
        "namespaces-unique",
        """\
ikanos: 1.0.0-beta5
binds:
- {namespace: vault, keys: {A: a}}
- {namespace: env, keys: {B: b}}
capability:
  binds:
  - {namespace: ▶vault, keys: {C: c}}
""",
    )


def test_an_api_consumed_twice_is_told_once_and_as_an_error() -> None:
    document = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - {type: http, namespace: shop, baseUri: https://shop.test}
  - {type: http, namespace: ▶shop, baseUri: https://shop.test}
"""
    assert_marked("namespaces-unique", document)
    assert "duplicate-namespace" not in [each.code for each in findings(document)]


def test_namespaces_that_differ_are_not_told() -> None:
    assert_marked(
        "namespaces-unique",
        """\
ikanos: 1.0.0-beta5
binds:
- {namespace: shop-env, keys: {A: a}}
capability:
  consumes:
  - {type: http, namespace: shop, baseUri: https://shop.test}
  exposes:
  - {type: mcp, namespace: shop-mcp}
  - {type: control, port: 9999}
  - {type: rest}
""",
    )


def test_tool_names_with_marks_that_mcp_clients_refuse_are_errors() -> None:
    messages = assert_marked(
        "tool-name-characters",
        """\
naftiko: 1.0.0-alpha2
capability:
  exposes:
  - type: mcp
    tools:
    - name: ▶list ships!
    - {name: list_ships-v2, call: a.b}
""",
    )
    assert messages == ["the tool name `list ships!` has a space and `!`, which some MCP clients reject"]


def test_a_tool_named_by_its_key_is_told_at_the_key() -> None:
    document = """\
ikanos: 1.0.0-beta5
capability:
  exposes:
  - type: mcp
    tools:
      ▶navires/à-quai: {call: a.b}
      ships: {call: a.b}
"""
    assert_marked("tool-name-characters", document)
    (found,) = [each for each in findings(document) if each.code == "tool-name-characters"]
    assert found.severity is Severity.ERROR
    assert found.hint == "write `navires---quai`"


@pytest.mark.parametrize(
    ("length", "code", "severity"),
    [
        (64, "", None),
        (65, "tool-name-long", Severity.WARNING),
        (128, "tool-name-long", Severity.WARNING),
        (129, "tool-name-long", Severity.WARNING),
    ],
)
@pytest.mark.parametrize("line", ["naftiko: 1.0.0-alpha2", "ikanos: 1.0.0-beta5"])
def test_long_tool_names_are_told_by_how_many_clients_refuse_them(
    line: str, length: int, code: str, severity: Severity | None
) -> None:
    name = "x" * length
    tools = f"[{{name: {name}}}]" if line.startswith("naftiko") else f"{{{name}: {{}}}}"
    found = [
        (each.code, each.severity)
        for each in findings(f"{line}\ncapability:\n  exposes:\n  - type: mcp\n    tools: {tools}\n")
        if each.code.startswith("tool-name")
    ]
    assert found == ([(code, severity)] if severity else [])


def test_two_functions_of_one_aggregate_with_one_name_are_an_error() -> None:
    (message,) = assert_marked(
        "aggregates-unique-function-name",
        """\
naftiko: 1.0.0-alpha2
capability:
  aggregates:
  - namespace: fleet
    functions:
    - {name: get-ship, description: One}
    - {name: ▶get-ship, description: Two}
  - namespace: crew
    functions:
    - {name: get-ship, description: Three}
""",
    )
    assert message == "the aggregate has a function `get-ship` already, on line 6"


def test_flows_in_a_list_are_held_to_the_same() -> None:
    (message,) = assert_marked(
        "aggregates-unique-function-name",
        """\
ikanos: 1.0.0-beta5
aggregates:
- namespace: fleet
  flows:
  - {name: get-ship}
  - name: ▶get-ship
""",
    )
    assert "flow" in message


def test_a_step_name_that_references_cannot_hold_is_told_in_the_naftiko_line_only() -> None:
    step = "{type: call, call: a.b, name: "
    assert_marked(
        "steps-name-pattern",
        f"""\
naftiko: 1.0.0-alpha2
capability:
  exposes:
  - type: mcp
    tools:
    - name: ship
      steps:
      - {step}▶get.ship}}
      - {step}get-ship_2}}
""",
    )
    assert_marked(
        "steps-name-pattern",
        """\
ikanos: 1.0.0-beta5
capability:
  exposes:
  - type: mcp
    tools:
      ship: {steps: {get.ship: {type: call, call: a.b}}}
""",
    )
