"""The documents of ``capabilities/``: each is served whole, and none gets in another's way."""

from __future__ import annotations

from pathlib import Path

import pytest

from naftiko_run import Settings, load
from naftiko_run.lint import Level, lint
from support.process import ROOT

FOLDER = ROOT / "capabilities"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.stem)
def test_everything_in_it_can_be_served(file: Path) -> None:
    capability = load(file, Settings(environment={}))
    assert not capability.unavailable
    assert not [each for each in capability.diagnostics if each.is_error]


def test_the_one_for_the_conformance_suite_is_without_reproach() -> None:
    # The suite has a tool whose schema has `allOf` at its root, which some clients refuse.
    assert {each.code for each in lint(FOLDER / "mcp-conformance.yaml", Level.RECOMMENDED)} <= {"schema-root"}


def test_each_adapter_has_a_port_of_its_own_and_with_it_the_usual_path() -> None:
    files = sorted(FOLDER.glob("*.yaml"))
    ports = [exposes.port for file in files for exposes in load(file).document.exposes]
    assert None not in ports
    assert len({*ports}) == len(ports)
