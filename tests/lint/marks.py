"""Documents with marks where findings are expected."""

from __future__ import annotations

from naftiko_run.diagnostics import Diagnostic
from naftiko_run.document.source import parse
from naftiko_run.lint import Level, lint

MARK = "▶"
"""Stands in a document before each place that a finding points at; taken out before it is read."""


def findings(text: str, level: Level = Level.RECOMMENDED) -> tuple[Diagnostic, ...]:
    """Return what is found in a document, marks or not."""
    return lint(parse(text.replace(MARK, ""), "doc.yaml"), level)


def assert_marked(rule: str, text: str) -> list[str]:
    """Check that a rule finds something at each mark of a document, and nowhere else; give the messages."""
    expected = [
        (number, column)
        for number, line in enumerate(text.splitlines(), start=1)
        for column in _columns(line)
    ]
    found = [each for each in findings(text) if each.code == rule]
    assert [(each.line, each.column) for each in found] == expected, [str(each) for each in found]
    assert all(each.hint and each.message for each in found)
    return [each.message for each in found]


def _columns(line: str) -> list[int]:
    parts = line.split(MARK)
    return [len("".join(parts[:number])) + 1 for number in range(1, len(parts))]
