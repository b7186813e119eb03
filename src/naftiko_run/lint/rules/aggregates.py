"""Aggregates: the descriptions of their functions, and hints that contradict their semantics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from naftiko_run.diagnostics import Severity
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.lint.document_view import DocumentView
from naftiko_run.lint.rule import Finding, Rule

_SAFE = ("GET", "HEAD", "OPTIONS")
_NOT_IDEMPOTENT = ("POST", "PATCH")


def _flow_description(view: DocumentView) -> Iterator[Finding]:
    for function in view.functions:
        if not function.reader.text("description"):
            yield Finding(
                function.reader.at,
                f"the {function.kind} `{function.name}` has no description, "
                "and adapters that refer to it inherit none",
            )


def _semantics_consistency(view: DocumentView) -> Iterator[Finding]:
    semantics = {
        f"{function.owner.text('namespace')}.{function.name}": found
        for function in view.functions
        if (found := function.reader.mapping("semantics")) is not None
    }
    for tool in view.tools:
        ref = tool.reader.text("ref")
        hints = tool.reader.mapping("hints")
        if ref in semantics and hints is not None:
            yield from _hints_against(semantics[ref], hints, ref)
    for each in view.rest_operations:
        ref = each.reader.text("ref")
        if ref in semantics:
            yield from _method_against(semantics[ref], each.reader, ref)


def _hints_against(semantics: Reader, hints: Reader, ref: str) -> Iterator[Finding]:
    safe, idempotent = semantics.flag("safe"), semantics.flag("idempotent")
    for key, expected, said in (
        ("readOnly", safe, f"safe: {_word(safe)}"),
        ("destructive", False if safe else None, "safe: true"),
        ("idempotent", idempotent, f"idempotent: {_word(idempotent)}"),
    ):
        hint = hints.flag(key)
        if hint is not None and expected is not None and hint != expected:
            yield Finding(
                (*hints.at, key),
                f"the hint `{key}: {_word(hint)}` contradicts `{said}` of `{ref}`",
                f"remove the hint: it then follows from the semantics of `{ref}`",
            )


def _method_against(semantics: Reader, operation: Reader, ref: str) -> Iterator[Finding]:
    method = operation.text("method").upper()
    safe, idempotent = semantics.flag("safe"), semantics.flag("idempotent")
    said = ""
    if safe is not None and method and safe != (method in _SAFE):
        said = f"safe: {_word(safe)}"
    elif idempotent is True and method in _NOT_IDEMPOTENT:
        said = "idempotent: true"
    elif idempotent is False and method in ("PUT", "DELETE"):
        said = "idempotent: false"
    if said:
        yield Finding((*operation.at, "method"), f"the method {method} contradicts `{said}` of `{ref}`")


def _word(flag: bool | None) -> str:  # noqa: FBT001 - a value to write, not an option
    return str(flag).lower()


RULES: Final = (
    Rule(
        "aggregate-flow-description",
        Severity.WARNING,
        "A function of an aggregate (a flow, in the ikanos line) has a description.",
        "add a `description`: tools and operations that refer to it inherit it",
        _flow_description,
    ),
    Rule(
        "aggregate-semantics-consistency",
        Severity.WARNING,
        "The hints of a tool and the method of an operation do not contradict the semantics of what they refer to.",
        "change the method or hint, or the `semantics` if those are wrong",
        _semantics_consistency,
    ),
)
