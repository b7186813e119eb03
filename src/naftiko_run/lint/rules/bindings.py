"""Bindings: what is used and not declared, and what is declared and not used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from naftiko_run.diagnostics import Pointer, Severity
from naftiko_run.document.dialects.reading import Reader
from naftiko_run.lint.declared import Declared
from naftiko_run.lint.rule import Finding, Rule
from naftiko_run.lint.secrets import is_variable_name
from naftiko_run.lint.templates import names_in, names_in_address
from naftiko_run.lint.written import BASE_URI, Written, texts, written_key

_REFERENCE = re.compile(r"[A-Za-z0-9_-]+\.[^\s{}]+\Z")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_CAPITALS = re.compile(r"[A-Z][A-Z0-9_]*\Z")


def _undeclared(written: Written) -> Iterator[Finding]:
    declared = Declared.of(written)
    if written.is_standalone or not declared.is_whole:
        return  # others may be declared where this is imported, or where that is imported from
    told: set[str] = set()
    for at, name in _names_that_must_be_bound(written, declared):
        if not declared.has(name) and name not in told:
            told.add(name)
            yield Finding(at, *_told(name, declared))


def _told(name: str, declared: Declared) -> tuple[str, str]:
    namespace, _, variable = name.rpartition(".")
    close = declared.closest(name)
    if namespace and namespace != "env":
        what = (
            f"the bind `{namespace}` has no key `{variable}`"
            if declared.has_namespace(namespace)
            else f"`{name}` names no bind of this document"
        )
    else:
        what = f"`{name}` is not declared in `binds`"
    if close:
        return what, f"did you mean `{close}`?"
    if _CAPITALS.match(variable):
        return what, f"add `{variable}: {variable}` under `keys` of a bind with `namespace: env`"
    capitals = "_".join(_WORDS.findall(variable)).upper()
    return what, (
        f"write `{{{{{capitals}}}}}`, and add `{capitals}: {capitals}` under `keys` of a bind "
        "with `namespace: env`"
    )


def _names_that_must_be_bound(written: Written, declared: Declared) -> Iterator[tuple[Pointer, str]]:
    """Give every name that only a bind can mean, where it stands; ``{x}`` in a base URI, loading tells."""
    for owner in (*written.consumes, *written.exposes):
        placed_in_path = _keys_in_path(owner)
        for at, base_uri in texts(owner.text(*BASE_URI), written_key(owner, *BASE_URI)):
            yield from ((at, name) for name in names_in(base_uri) if name not in placed_in_path)
        for key in ("authentication", "auth", "address", "observability"):
            for at, text in texts(owner.data.get(key), (*owner.at, key)):
                yield from ((at, name) for name in names_in(text))
    yield from _fixed_values(written)
    for at, text in written.texts:
        for name in names_in(text):
            namespace, dot, _ = name.partition(".")
            if dot and (namespace == "env" or _is_bind(namespace, written, declared)):
                yield at, name
        if text.startswith("env.") and "with" in at and _REFERENCE.match(text):
            yield at, text


def _is_bind(namespace: str, written: Written, declared: Declared) -> bool:
    """Whether a prefix can only be a bind's: an adapter's or a step's would mean an input or an output."""
    if not declared.has_namespace(namespace):
        return False
    adapters = {entry.namespace for entry in written.entries("exposes", "aggregates")}
    steps = {step.text("name") or step.key for _, step in written.steps()}
    return namespace not in adapters | steps


def _keys_in_path(owner: Reader) -> set[str]:
    """Give the names of keys that authentication puts into the base URI."""
    authentication = owner.mapping("authentication", "auth")
    if authentication is None or authentication.text("placement", "in").casefold() != "path":
        return set()
    return {authentication.text("name", "key")}


def _fixed_values(written: Written) -> Iterator[tuple[Pointer, str]]:
    """Give the capitals in the ``value`` of consumed parameters: the environment's, not the caller's."""
    for at, owner, parameter in _fixed_parameters(written):
        inputs = {each.text("name") or each.key for each in owner.members("inputParameters")}
        names = names_in(parameter.data["value"])
        yield from ((at, name) for name in names if _CAPITALS.match(name) and name not in inputs)


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
        block = owner.mapping("authentication", "auth")
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
        "undeclared-binding",
        Severity.WARNING,
        "Every variable that credentials, base URIs and `env.` references read is declared in `binds`.",
        "declare it under `keys` of a bind, so that operators see what the capability needs",
        _undeclared,
    ),
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
