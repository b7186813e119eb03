"""Script steps: where the script is, and in which language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from naftiko_run.diagnostics import Severity
from naftiko_run.lint.document_view import DocumentView
from naftiko_run.lint.rule import Finding, Rule

_DEFAULTS = (("location", "defaultLocation"), ("language", "defaultLanguage"))


def _defaults_required(view: DocumentView) -> Iterator[Finding]:
    given = _defaults(view)
    for _, step in view.steps():
        if step.text("type") != "script":
            continue
        for key, default in _DEFAULTS:
            if not step.text(key) and default not in given:
                name = step.text("name") or step.key
                yield Finding(
                    step.at,
                    f"the script step `{name}` has no `{key}`, and no control adapter sets `{default}`",
                    f"add `{key}` to the step, or `{default}` under `management.scripting` of a control adapter",
                )


def _defaults(view: DocumentView) -> set[str]:
    given: set[str] = set()
    for control in view.adapters("control"):
        management = control.mapping("management")
        scripting = management.mapping("scripting") if management else None
        if scripting is not None:
            given |= {default for _, default in _DEFAULTS if scripting.text(default)}
    return given


RULES: Final = (
    Rule(
        "script-defaults-required",
        Severity.ERROR,
        "A script step has a location and a language, its own or the control adapter's defaults.",
        "add them to the step, or to `management.scripting` of a control adapter",
        _defaults_required,
    ),
)
