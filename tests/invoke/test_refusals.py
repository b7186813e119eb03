"""Units whose every call fails: told at load, at the place of what is to blame."""

from __future__ import annotations

from typing import Any

import pytest

from consume.recording import capability, consumes
from naftiko_run import Capability
from naftiko_run.diagnostics import Severity


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
@pytest.mark.parametrize("place", ["body", "data", "query", "with", "output"])
def test_sections_that_are_nested_too_deeply_leave_the_unit_out(place: str, depth: int) -> None:
    text = "{{#a}}" * depth + "x" + "{{/a}}" * depth
    operation: dict[str, Any] = {"method": "POST"}
    unit: dict[str, Any] = {"name": "t", "call": "api.op"}
    if place == "body":
        operation["body"] = {"type": "text", "data": text}
    elif place == "data":
        operation["body"] = {"type": "json", "data": {"a": [text]}}
    elif place == "query":
        operation["inputParameters"] = [{"name": "q", "in": "query", "value": text}]
    elif place == "with":
        unit["with"] = {"q": text}
    else:
        unit = {"name": "t", "outputParameters": [{"name": "o", "type": "string", "value": text}]}
    found = loaded(operation, [unit, {"name": "u", "outputParameters": [{"name": "o", "value": "1"}]}])
    (told,) = [each for each in found.diagnostics if each.code == "not-runnable"]
    assert told.pointer == "/capability/exposes/0/tools/0"
    assert "`t` is left out: its sections are nested more than 50 levels deep" in told.message
