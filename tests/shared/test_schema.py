"""The JSON Schema for editors, against the published documents, the tutorials and the official schemas."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from jsonschema_rs import Draft7Validator, ValidationError

from naftiko_run.diagnostics import Pointer
from naftiko_run.document.editor_schema import editor_schema
from naftiko_run.document.source import read
from naftiko_run.lint import Level, lint
from shared.documents import CORPUS, SHARED, TUTORIAL
from shared.specimens import Maker

EDITOR = Draft7Validator(editor_schema())
LINES = {"naftiko": "1.0.0-alpha2", "ikanos": "1.0.0-beta5"}
EDITORS = {line: Draft7Validator(editor_schema(version)) for line, version in LINES.items()}
STEPS = [file for file in TUTORIAL if file.name.startswith("step-") or file.parent.name == "examples"]
PARTS = [file for file in TUTORIAL if file.parent.name == "shared" and "consumes" in file.name]

NOT_TAKEN = {"language", "defaultLanguage", "allowedLanguages"}
"""Keys where the specification has Groovy, and we have not."""

UNCHECKED = "outputParameters"
"""A key in which the official schemas let anything stand beside some other keys."""


def name_of(file: Path) -> str:
    return str(file.relative_to(SHARED))


def run_without_an_error() -> list[Path]:
    """Return the documents in which everything can run."""
    return [
        file
        for file in CORPUS
        if not any(each.is_error or each.code == "not-runnable" for each in lint(file, Level.RUNNABLE))
    ]


def test_what_runs_without_an_error_fits_but_for_the_keys_that_nothing_reads() -> None:
    fit = 0
    for file in run_without_an_error():
        source = read(file)
        errors = list(EDITOR.iter_errors(source.data))
        unread = {each.line for each in lint(file, Level.RECOMMENDED) if each.code == "unknown-key"}
        assert bool(errors) == bool(unread), file
        for error in errors:
            assert unread & set(lines(source.data, tuple(error.instance_path), source.locate)), error
        fit += not errors
    assert fit == 62


def lines(data: Any, at: Pointer, locate: Any) -> list[int]:
    """Return the lines of the keys of the object at a place."""
    for key in at:
        data = data[key]
    return [locate((*at, key), key=True).line for key in data]


@pytest.mark.parametrize("file", [*STEPS, *PARTS], ids=name_of)
def test_the_tutorials_fit(file: Path) -> None:
    data = read(file).data
    assert list(EDITOR.iter_errors(data)) == []
    line = next(line for line in LINES if line in data)
    assert list(EDITORS[line].iter_errors(data)) == []


@pytest.mark.parametrize("line", LINES)
def test_what_conforms_to_the_official_schema_fits(line: str) -> None:
    official = json.loads(next((SHARED / "spec").glob(f"{line}-*.json")).read_text(encoding="utf-8"))
    maker = Maker(official, Random(6))
    for definition in maker.definitions:
        data = maker.document(definition).data
        for editor in (EDITOR, EDITORS[line]):
            unfit = [error for error in editor.iter_errors(data) if not is_expected(error)]
            assert unfit == [], f"{unfit} in {json.dumps(data)}"


def is_expected(error: ValidationError) -> bool:
    """Whether an error is about what we do not take, or what no schema should have let pass."""
    at = {str(key) for key in error.instance_path}
    runs_nothing = error.schema_path[-3:] == ["allOf", 0, "anyOf"] and error.schema_path[1] == "operation"
    return bool(at & {*NOT_TAKEN, UNCHECKED}) or runs_nothing
