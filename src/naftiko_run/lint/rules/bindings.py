"""Bindings: variables without braces, and declared variables that are not used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from naftiko_run.diagnostics import Pointer, Severity
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.expressions import names_in
from naftiko_run.lint.document_view import DeclaredVariables, DocumentView
from naftiko_run.lint.rule import Finding, Rule
from naftiko_run.lint.secret_literals import is_variable_name
from naftiko_run.spec.table import AUTHENTICATION


def _fixed_parameters(view: DocumentView) -> Iterator[tuple[Pointer, Reader, Reader]]:
    """Yield every consumed parameter with text as its ``value``: the place of the value, its owner, itself."""
    for consumes in view.consumes:
        resources = list(consumes.members("resources"))
        operations = (operation for each in resources for operation in each.members("operations"))
        for owner in (consumes, *resources, *operations):
            for parameter in owner.members("inputParameters"):
                if isinstance(parameter.data.get("value"), str):
                    yield (*parameter.at, "value"), owner, parameter


def _unbraced(view: DocumentView) -> Iterator[Finding]:
    """Find credentials and fixed values that are the name of a variable without braces."""
    for owner in (*view.consumes, *view.exposes):
        block = owner.mapping(*AUTHENTICATION)
        for key in ("username", "password", "token", "value") if block else ():
            if block is not None and is_variable_name(block.text(key)):
                yield _meant((*block.at, key), block.text(key))
    declared = DeclaredVariables.of(view)
    for at, _, parameter in _fixed_parameters(view):
        value = parameter.data["value"]
        if is_variable_name(value) and (declared.has(value) or view.is_standalone):
            yield _meant(at, value)


def _meant(at: Pointer, variable: str) -> Finding:
    return Finding(
        at,
        f"`{variable}` has no braces: it is literal text, not a variable",
        f"write `'{{{{{variable}}}}}'`",
    )


def _unused(view: DocumentView) -> Iterator[Finding]:
    if view.is_standalone or view.imports:
        return  # other files may use them
    used = _used_names(view)
    for variable in DeclaredVariables.of(view).variables:
        if used.isdisjoint(variable.spellings):
            yield Finding(variable.at, f"nothing uses the binding `{variable.name}`", at_key=True)


def _used_names(view: DocumentView) -> set[str]:
    used: set[str] = set()
    for at, text in view.texts:
        if "binds" in at[:2]:
            continue
        used.update(names_in_address(text))
        used.update(names_in(text))
        if "with" in at:
            used.add(text)
    for each in view.consumed_operations:
        for parameter in each.reader.members("inputParameters"):
            if parameter.text("in") == "environment":
                used.add(parameter.text("name") or parameter.key)
    return used


RULES: Final = (
    Rule(
        "unbraced-variable",
        Severity.WARNING,
        "A variable is written in braces.",
        "write it in double braces, such as `'{{API_TOKEN}}'`",
        _unbraced,
    ),
    Rule(
        "unused-binding",
        Severity.WARNING,
        "Every variable that `binds` declares is used.",
        "remove it, or correct the name where it should be used",
        _unused,
    ),
)


_ANY_BRACES = re.compile(r"\$?\{\{?\s*([^{}]+?)\s*\}?\}")


def names_in_address(text: str) -> list[str]:
    """Return the names in braces of any form: in base URIs and paths, ``{x}`` and ``${x}`` are variables too."""
    return _ANY_BRACES.findall(text)
