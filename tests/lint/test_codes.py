"""The codes of loading: the table tells of every one that the source has, and of no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from naftiko_run.lint import RULES
from naftiko_run.lint.codes import CODES
from support.process import ROOT

_KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PLACES = {"error": 0, "warning": 0, "info": 0, "_fail": 0, "ImportFailure": 0, "Diagnostic": 1}
"""What tells something, and which of its arguments is the code."""


def _told() -> Iterator[tuple[str, str]]:
    """Yield every code of the source, and the severity with which it is told."""
    for file in sorted((ROOT / "src" / "naftiko_run").rglob("*.py")):
        yield from _told_in(file)


def _told_in(file: Path) -> Iterator[tuple[str, str]]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        teller = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if teller not in _PLACES or len(call.args) <= _PLACES[teller]:
            continue
        code = call.args[_PLACES[teller]]
        severity = "warning" if teller == "warning" or "WARNING" in ast.unparse(call.args[0]) else "error"
        severity = "info" if teller == "info" else severity
        for found in _texts(code) or _assigned(tree, ast.unparse(code)):
            yield found, severity


def _texts(node: ast.AST) -> list[str]:
    """Return the codes that an expression can be: a text, or either of two."""
    if isinstance(node, ast.IfExp):
        return _texts(node.body) + _texts(node.orelse)
    is_code = isinstance(node, ast.Constant) and isinstance(node.value, str) and _KEBAB.fullmatch(node.value)
    return [ast.literal_eval(node)] if is_code else []


def _assigned(tree: ast.AST, name: str) -> list[str]:
    """Return the codes that a variable of a module can be."""
    values = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if ast.unparse(target) == name
    ]
    return [text for value in values for text in _texts(value)]


def test_every_code_has_a_row_and_every_row_a_code() -> None:
    rules = {*(rule.id for rule in RULES), "schema"}  # the latter is all that the level strict tells
    assert sorted({code for code, _ in _told()} - rules) == [code.id for code in CODES]
    assert rules.isdisjoint(code.id for code in CODES)


def test_a_row_says_how_grave_its_code_is() -> None:
    told = set(_told())
    for code in CODES:
        assert code.severity.split(" or ") == sorted(severity for found, severity in told if found == code.id)


def test_a_row_is_whole_sentences() -> None:
    for code in CODES:
        for words in (code.meaning, code.fix):
            assert re.fullmatch(r"[A-Z`].*\.", words), code.id
