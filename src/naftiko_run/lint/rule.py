"""What a lint rule is: plain data around a plain function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from naftiko_run.diagnostics import Pointer, Severity
from naftiko_run.lint.document_view import Written


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a document breaks a rule.

    Attributes:
        at: The place.
        message: What is wrong there.
        hint: How to mend it; empty where the rule's own ``mend`` says it.
        at_key: Point at the last key of the place, not at its value.
    """

    at: Pointer
    message: str
    hint: str = ""
    at_key: bool = False


Check = Callable[[Written], Iterator[Finding]]
"""Looks through a document for what breaks one rule."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the level ``recommended``.

    Attributes:
        id: Its stable id, in kebab case.
        severity: How much a finding matters.
        what: What the rule asks for, in one line.
        mend: How to mend what breaks it, in one line.
        check: Finds what breaks it.
        told_by: Codes under which loading tells the same of the same place:
            one matter is told once, as the graver of the two.
    """

    id: str
    severity: Severity
    what: str
    mend: str
    check: Check
    told_by: frozenset[str] = frozenset()
