"""Lint rules and their findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from naftiko_run.diagnostics import Pointer, Severity
from naftiko_run.lint.document_view import DocumentView


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a document violates a rule.

    Attributes:
        at: The place.
        message: What is wrong there.
        hint: How to fix it; empty for the ``fix`` of the rule.
        at_key: Whether the last key of the place is wrong, not its value.
    """

    at: Pointer
    message: str
    hint: str = ""
    at_key: bool = False


Check = Callable[[DocumentView], Iterator[Finding]]
"""Finds the violations of one rule in a document."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the level ``recommended``.

    Attributes:
        id: Its stable id, in kebab case.
        severity: The severity of its findings.
        description: What the rule requires, in one line.
        fix: How to fix a violation, in one line.
        check: Finds the violations.
        reported_by: Codes under which loading reports the same at the same place:
            only the more severe of the two is shown.
    """

    id: str
    severity: Severity
    description: str
    fix: str
    check: Check
    reported_by: frozenset[str] = frozenset()
