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
