"""A document of each line that has every field: what is read of it, and what is told of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from naftiko_run import Capability, Settings, load
from naftiko_run.lint import Level, lint

HARBOUR = Path(__file__).parent / "harbour"
LINES = pytest.mark.parametrize("line", ["naftiko", "ikanos"])
NOT_SUPPORTED = {"naftiko": {"unknown-adapter": "type: control"}, "ikanos": {"unknown-adapter": "type: control", "cannot-be-called": "tunnel:"}}  # fmt: skip
"""By its code, what is told of a document, and a text that stands in the line."""


def document(line: str) -> Path:
    return HARBOUR / f"{line}.yaml"


def loaded(line: str) -> Capability:
    return load(document(line), Settings(environment={"HARBOUR_TOKEN": "t-1"}))


@LINES
def test_only_what_is_not_supported_is_told_with_its_place(line: str) -> None:
    capability = loaded(line)
    lines = document(line).read_text(encoding="utf-8").splitlines()
    told = {each.code: lines[each.line - 1] for each in capability.diagnostics}
    assert told.keys() == NOT_SUPPORTED[line].keys(), [str(each) for each in capability.diagnostics]
    assert len(told) == len(capability.diagnostics)
    for code, text in NOT_SUPPORTED[line].items():
        assert text in told[code]
    assert not capability.unavailable
    assert not capability.missing()


@LINES
def test_no_field_is_unknown_and_all_are_as_the_specification_has_them(line: str) -> None:
    for file in (document(line), HARBOUR / f"shared-{line}.yaml"):
        codes = {each.code for each in lint(file, Level.STRICT)}
        assert not codes & {"unknown-key", "schema"}


@LINES
def test_everything_that_is_exposed_can_be_invoked(line: str) -> None:
    capability = loaded(line)
    names = {each.name for owner in capability.document.owners() for each in capability.functions_of(owner)}
    assert {"get-ship", "berth", "about"} <= names
    assert capability.document.consumes[-1].namespace in ("sky", "customs", "pilots")
