"""Linting the shared documents, and the shared schemas' keys."""

from functools import cache
from pathlib import Path

import pytest

from naftiko_run.diagnostics import Diagnostic
from naftiko_run.lint import RULES, Level, lint
from shared.documents import CORPUS, EVERY, SHARED, TUTORIAL

STEPS = [file for file in TUTORIAL if "shared" not in file.relative_to(SHARED).parts]


def name_of(file: Path) -> str:
    return str(file.relative_to(SHARED))


@cache
def found(file: Path, level: Level) -> tuple[Diagnostic, ...]:
    return lint(file, level)


@pytest.mark.parametrize("file", EVERY, ids=name_of)
def test_every_document_is_linted_at_every_level(file: Path) -> None:
    for level in Level:
        for each in found(file, level):
            assert each.message
            assert each.line > 0
            shows_nothing = file.stem == "secrets"  # no line of a file of values is ever quoted
            line = file.read_text(encoding="utf-8").splitlines()[each.line - 1]
            assert not each.excerpt if shows_nothing else each.excerpt.strip() or not line


@pytest.mark.parametrize("file", STEPS, ids=name_of)
def test_no_rule_finds_an_error_in_the_tutorial(file: Path) -> None:
    ids = {rule.id for rule in RULES}
    errors = [each for each in found(file, Level.RECOMMENDED) if each.is_error and each.code in ids]
    assert errors == []


def test_no_published_document_is_told_to_hold_a_credential() -> None:
    told = [
        each for file in CORPUS for each in found(file, Level.RECOMMENDED) if each.code == "secret-literal"
    ]
    assert told == []
