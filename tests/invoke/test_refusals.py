"""Operations and tools whose every call fails: reported at load, at the location of the cause."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from consume.recording import capability, consumes
from naftiko_run import Capability, load
from naftiko_run.diagnostics import Severity

OPERATION = "/capability/consumes/0/resources/0/operations/0"


def loaded(operation: dict[str, Any], units: list[dict[str, Any]], **entry: Any) -> Capability:
    exposes = {"type": "mcp", "namespace": "m", "tools": units}
    return capability({"capability": {"consumes": [consumes(operation, **entry)], "exposes": [exposes]}})


@pytest.mark.parametrize("authentication", [{"type": "made-up"}, {"type": "bearer"}, {"user": "ada"}, {}])
def test_an_authentication_that_cannot_be_used_is_told_once_at_its_block(
    authentication: dict[str, str],
) -> None:
    units = [{"name": name, "call": "api.op"} for name in ("t", "u")]
    found = loaded({}, units, authentication=authentication)
    (told,) = [each for each in found.diagnostics if each.code == "cannot-be-called"]
    assert (told.severity, told.pointer) == (Severity.WARNING, "/capability/consumes/0/authentication")
    assert [each.refusal != "" for each in found.functions.values()] == [True, True]


@pytest.mark.parametrize("depth", [400, 5000])
@pytest.mark.parametrize(
    ("place", "pointer"),
    [
        ("body", f"{OPERATION}/body/data"),
        ("data", f"{OPERATION}/body/data/a/0"),
        ("json", f"{OPERATION}/body/data"),
        ("query", f"{OPERATION}/inputParameters/0/value"),
        ("with", "/capability/exposes/0/tools/0/with/q"),
        ("output", "/capability/exposes/0/tools/0/outputParameters/0/value"),
    ],
)
def test_sections_that_are_nested_too_deeply_leave_the_unit_out(place: str, pointer: str, depth: int) -> None:
    text = "{{#a}}" * depth + "x" + "{{/a}}" * depth
    operation: dict[str, Any] = {"method": "POST"}
    unit: dict[str, Any] = {"name": "t", "call": "api.op"}
    if place == "body":
        operation["body"] = {"type": "text", "data": text}
    elif place == "data":
        operation["body"] = {"type": "json", "data": {"a": [text]}}
    elif place == "json":
        operation["body"] = {"type": "json", "data": f'{{"a": "{text}"}}'}
    elif place == "query":
        operation["inputParameters"] = [{"name": "q", "in": "query", "value": text}]
    elif place == "with":
        unit["with"] = {"q": text}
    else:
        unit = {"name": "t", "outputParameters": [{"name": "o", "type": "string", "value": text}]}
    found = loaded(operation, [unit, {"name": "u", "outputParameters": [{"name": "o", "value": "1"}]}])
    (told,) = [each for each in found.diagnostics if each.code == "not-runnable"]
    assert told.pointer == pointer
    assert "`t` is not served: its sections are nested more than 50 levels deep" in told.message


def test_a_section_that_is_not_closed_is_told_at_its_line_and_column(tmp_path: Path) -> None:
    file = tmp_path / "open.yaml"
    file.write_text(
        "naftiko: 1.0.0-alpha2\n"
        "capability:\n"
        "  consumes:\n"
        "  - type: http\n"
        "    namespace: api\n"
        "    baseUri: https://api.test\n"
        "    resources:\n"
        "    - path: /a\n"
        "      operations:\n"
        "      - name: op\n"
        "        method: POST\n"
        "        body: {type: text, data: 'a {{#list}} b'}\n"
        "  exposes:\n"
        "  - {type: mcp, namespace: m, tools: [{name: t, call: api.op}, {name: u, outputParameters: [{value: '1'}]}]}\n"
    )
    (told,) = [each for each in load(file).diagnostics if each.code == "not-runnable"]
    assert (told.line, told.column) == (12, 34)
    assert "the section `{{#list}}` is not closed" in told.message
