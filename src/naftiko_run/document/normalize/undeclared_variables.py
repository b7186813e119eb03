"""Variables that a document reads and that none of its binds declares: they come from the environment, unsaid."""

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
from naftiko_run.spec.spellings import API_KEY_NAME, AUTHENTICATION, BASE_URI, FUNCTIONS, PLACEMENT

_REFERENCE = re.compile(r"[A-Za-z0-9_-]+\.[^\s{}]+\Z")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_CAPITALS = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_OPERATORS_KEYS = (*AUTHENTICATION, "address", "observability")
"""Where only the operator has a say, so that every name is a variable of the environment."""


def warn_of_undeclared(root: Reader, capability: Reader, binds: list[dict[str, Any]]) -> None:
    """Warn of each variable that only a bind can mean and none declares, where it first stands.

    Args:
        root: The document.
        capability: Its capability.
        binds: The canonical binds.
    """
    silent = Report("")  # what is wrong with the shape of a value, other readers tell
    owners = [Reader(each.data, each.at, silent) for each in (root, capability)]
    declared = spellings(binds)
    told: set[str] = set()
    for at, name in _names(owners, {bind["namespace"] for bind in binds}):
        variable = name.removeprefix("env.")
        if name not in declared and variable not in told:
            told.add(variable)
            message, hint = _told(name, declared, binds)
            root.report.warning("undeclared-binding", message, at, hint)


def _names(owners: list[Reader], namespaces: set[str]) -> Iterator[tuple[Pointer, str]]:
    """Give every name that only a bind can mean; ``{x}`` in a base URI is told where that is read."""
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
    """Gather the texts that may name a bind, in the document's order: most texts do not, so they cost nothing."""
    for key, member in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(member, str):
            if "{{" in member or member.startswith("env."):
                found.append(((*at, key), member))
        elif isinstance(member, (dict, list)):
            at.append(key)
            _gather_references(member, at, found)
            at.pop()


def _keys_in_path(owner: Reader) -> set[str]:
    """Give the names of keys that authentication puts into the base URI."""
    authentication = owner.mapping(*AUTHENTICATION)
    if authentication is None or authentication.text(*PLACEMENT).casefold() != "path":
        return set()
    return {authentication.text(*reversed(API_KEY_NAME))}


def _in_fixed_values(consumes: Reader) -> Iterator[tuple[Pointer, str]]:
    """Give the capitals in the ``value`` of consumed parameters: the environment's, not the caller's."""
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
    """Give what stands before inputs and outputs in templates: namespaces of adapters, names of steps."""
    found: set[str] = set()
    for owner in owners:
        for entry in (*owner.members("exposes"), *owner.members("aggregates")):
            found.add(entry.text("namespace") or entry.key)
            units = [
                *entry.members("tools"),
                *entry.members("resources"),
                *entry.members(*FUNCTIONS),
            ]
            units += [each for unit in units for each in unit.members("operations")]
            found |= {step.text("name") or step.key for unit in units for step in unit.members("steps")}
    return found


def _told(name: str, declared: set[str], binds: list[dict[str, Any]]) -> tuple[str, str]:
    """Give the message and the hint for a name that nothing declares."""
    namespace, _, variable = name.rpartition(".")
    if not namespace or namespace == "env":
        what = f"`{name}` is not declared in `binds`"
    elif any(bind["namespace"] == namespace for bind in binds):
        what = f"the bind `{namespace}` has no key `{variable}`"
    else:
        what = f"`{name}` names no bind of this document"
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
