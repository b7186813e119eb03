"""Bindings: what was meant as one and is none, and what is declared and not used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from naftiko_run.diagnostics import Pointer, Severity
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.expressions import names_in
from naftiko_run.lint.declared_variables import Declared
from naftiko_run.lint.document_view import Written
from naftiko_run.lint.rule import Finding, Rule
from naftiko_run.lint.secret_literals import is_variable_name
from naftiko_run.spec.spellings import AUTHENTICATION


def _fixed_parameters(written: Written) -> Iterator[tuple[Pointer, Reader, Reader]]:
    """Give every consumed parameter with a text as its ``value``: its value's place, its owner, itself."""
    for consumes in written.consumes:
        resources = list(consumes.members("resources"))
        operations = (operation for each in resources for operation in each.members("operations"))
        for owner in (consumes, *resources, *operations):
            for parameter in owner.members("inputParameters"):
                if isinstance(parameter.data.get("value"), str):
                    yield (*parameter.at, "value"), owner, parameter


def _unbraced(written: Written) -> Iterator[Finding]:
    """Find texts in place of credentials and fixed values that were meant as variables."""
    for owner in (*written.consumes, *written.exposes):
        block = owner.mapping(*AUTHENTICATION)
        for key in ("username", "password", "token", "value") if block else ():
            if block is not None and is_variable_name(block.text(key)):
                yield _meant((*block.at, key), block.text(key))
    declared = Declared.of(written)
    for at, _, parameter in _fixed_parameters(written):
        value = parameter.data["value"]
        if is_variable_name(value) and (declared.has(value) or written.is_standalone):
            yield _meant(at, value)


def _meant(at: Pointer, variable: str) -> Finding:
    return Finding(
        at,
        f"`{variable}` has no braces: it stands for itself, not for a variable",
        f"write `'{{{{{variable}}}}}'`",
    )


def _unused(written: Written) -> Iterator[Finding]:
    if written.is_standalone or written.imports:
        return  # what imports, or is imported, may use them elsewhere
    used = _used_names(written)
    for variable in Declared.of(written).variables:
        if used.isdisjoint(variable.spellings):
            yield Finding(variable.at, f"nothing uses the binding `{variable.name}`", at_key=True)


def _used_names(written: Written) -> set[str]:
    used: set[str] = set()
    for at, text in written.texts:
        if "binds" in at[:2]:
            continue
        used.update(names_in_address(text))
        used.update(names_in(text))
        if "with" in at:
            used.add(text)
    for each in written.consumed_operations:
        for parameter in each.reader.members("inputParameters"):
            if parameter.text("in") == "environment":
                used.add(parameter.text("name") or parameter.key)
    return used


RULES: Final = (
    Rule(
        "unbraced-variable",
        Severity.WARNING,
        "A variable stands between braces.",
        "write it between double braces, such as `'{{API_TOKEN}}'`",
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
    """Give the names between any braces: in base URIs and paths, ``{x}`` and ``${x}`` are variables too."""
    return _ANY_BRACES.findall(text)
