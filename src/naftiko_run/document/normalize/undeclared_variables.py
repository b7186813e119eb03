"""Variables that a document uses and none of its binds declares: they come from the environment."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from naftiko_run.diagnostics import Pointer, Report
from naftiko_run.document.normalize.binds import spellings
from naftiko_run.document.normalize.reader import Reader, texts
from naftiko_run.expressions import names_in
from naftiko_run.spec.table import API_KEY_NAME, AUTHENTICATION, BASE_URI, FUNCTIONS, PLACEMENT

_REFERENCE = re.compile(r"[A-Za-z0-9_-]+\.[^\s{}]+\Z")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_CAPITALS = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_OPERATORS_KEYS = (*AUTHENTICATION, "address", "observability")
"""Keys that only the operator controls, so that every name is an environment variable."""


def warn_of_undeclared(root: Reader, capability: Reader, binds: list[dict[str, Any]]) -> None:
    """Warn of each undeclared variable, where it is first used.

    Args:
        root: The document.
        capability: Its capability.
        binds: The canonical binds.
    """
    silent = Report("")  # wrong types are reported where the values are normalized
    owners = [Reader(each.data, each.at, silent) for each in (root, capability)]
    declared = spellings(binds)
    reported: set[str] = set()
    for at, name in _names(owners, {bind["namespace"] for bind in binds}):
        variable = name.removeprefix("env.")
        if name not in declared and variable not in reported:
            reported.add(variable)
            message, hint = _message(name, declared, binds)
            root.report.warning("undeclared-binding", message, at, hint)


def _names(owners: list[Reader], namespaces: set[str]) -> Iterator[tuple[Pointer, str]]:
    """Yield every name that must be a bind; ``{x}`` in a base URI is reported where that is normalized."""
    consumes = [each for owner in owners for each in owner.members("consumes")]
    adapters = [each for owner in owners for each in owner.members("exposes")]
    for owner in (*consumes, *adapters):
        in_path = _keys_in_path(owner)
        base_uri = next((key for key in BASE_URI if key in owner.data), "")
        for at, text in texts(owner.data.get(base_uri), (*owner.at, base_uri)):
            yield from ((at, name) for name in names_in(text) if name not in in_path)
        for key in _OPERATORS_KEYS:
            for at, text in texts(owner.data.get(key), (*owner.at, key)):
                yield from ((at, name) for name in names_in(text))
    yield from chain.from_iterable(_in_fixed_values(each) for each in consumes)
    prefixes = {"env"}
    if namespaces - prefixes:
        prefixes |= namespaces - _namespaces_of_values(owners)
    references: list[tuple[Pointer, str]] = []
    _gather_references(owners[0].data, [], references)
    for at, text in references:
        if "{{" in text:
            yield from (
                (at, name) for name in names_in(text) if "." in name and name.partition(".")[0] in prefixes
            )
        elif "with" in at and _REFERENCE.match(text):
            yield at, text


def _gather_references(value: Any, at: list[str | int], found: list[tuple[Pointer, str]]) -> None:
    """Collect the texts that may refer to a bind, in the document's order."""
    for key, member in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(member, str):
            if "{{" in member or member.startswith("env."):
                found.append(((*at, key), member))
        elif isinstance(member, (dict, list)):
            at.append(key)
            _gather_references(member, at, found)
            at.pop()


def _keys_in_path(owner: Reader) -> set[str]:
    """Return the names of API keys that authentication inserts into the base URI."""
    authentication = owner.mapping(*AUTHENTICATION)
    if authentication is None or authentication.text(*PLACEMENT).casefold() != "path":
        return set()
    return {authentication.text(*reversed(API_KEY_NAME))}


def _in_fixed_values(consumes: Reader) -> Iterator[tuple[Pointer, str]]:
    """Yield the names in capitals in the ``value`` of consumed parameters: environment variables, not inputs."""
    resources = list(consumes.members("resources"))
    operations = [operation for each in resources for operation in each.members("operations")]
    for owner in (consumes, *resources, *operations):
        parameters = list(owner.members("inputParameters"))
        braced = [each for each in parameters if "{{" in each.text("value")]
        inputs = {each.text("name") or each.key for each in parameters} if braced else set()
        for each in braced:
            for name in names_in(each.text("value")):
                if _CAPITALS.match(name) and name not in inputs:
                    yield (*each.at, "value"), name


def _namespaces_of_values(owners: list[Reader]) -> set[str]:
    """Return the prefixes of inputs and outputs in templates: namespaces of adapters, names of steps."""
    found: set[str] = set()
    for owner in owners:
        for entry in (*owner.members("exposes"), *owner.members("aggregates")):
            found.add(entry.text("namespace") or entry.key)
            functions = [
                *entry.members("tools"),
                *entry.members("resources"),
                *entry.members(*FUNCTIONS),
            ]
            functions += [each for function in functions for each in function.members("operations")]
            found |= {
                step.text("name") or step.key for function in functions for step in function.members("steps")
            }
    return found


def _message(name: str, declared: set[str], binds: list[dict[str, Any]]) -> tuple[str, str]:
    """Return the message and the hint for an undeclared name."""
    namespace, _, variable = name.rpartition(".")
    if not namespace or namespace == "env":
        what = f"`{name}` is not declared in `binds`"
    elif any(bind["namespace"] == namespace for bind in binds):
        what = f"the bind `{namespace}` has no key `{variable}`"
    else:
        what = f"`{name}` is not a bind of this document"
    close = difflib.get_close_matches(name, sorted(declared), n=1, cutoff=0.8)
    if close:
        return what, f"did you mean `{close[0]}`?"
    if _CAPITALS.match(variable):
        return what, f"add `{variable}: {variable}` under `keys` of a bind with `namespace: env`"
    capitals = "_".join(_WORDS.findall(variable)).upper()
    return what, (
        f"write `{{{{{capitals}}}}}`, and add `{capitals}: {capitals}` under `keys` of a bind "
        "with `namespace: env`"
    )
