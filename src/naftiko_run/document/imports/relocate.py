"""Relocate an entry of a section to another file, perhaps under another name."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from naftiko_run.document.normalize.formats import format_named
from naftiko_run.locations import candidates, find, is_file

_STEPS: Final = ("steps", "*", "location")
_FUNCTIONS: Final = (("tools", "*"), ("resources", "*"), ("resources", "*", "operations", "*"))
_LOCATIONS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "consumes": (
        ("resources", "*", "operations", "*", "outputSchema"),
        *(("authentication", key) for key in ("certPath", "keyPath", "caPath", "signingKey")),
    ),
    "exposes": (
        ("resources", "*", "location"),
        ("prompts", "*", "location"),
        ("skills", "*", "location"),
        ("management", "scripting", "defaultLocation"),
        *((*function, *_STEPS) for function in _FUNCTIONS),
    ),
    "aggregates": (("functions", "*", *_STEPS), ("flows", "*", *_STEPS)),
    "binds": (("location",),),
}
"""Where the entries of each section name files; ``*`` is every member."""

_SCHEMA_FORMATS: Final = ("avro", "protobuf")
"""The formats whose ``outputSchema`` is a file."""


def with_own_locations(entry: dict[str, Any], section: str, folder: Path, home: Path) -> dict[str, Any]:
    """Return an entry whose relative locations refer to the same files from another folder.

    Args:
        entry: The entry.
        section: The section that contains it.
        folder: The folder of the file that defines it.
        home: The folder of the document that imports it.
    """

    def respelled(location: str) -> str:
        if "{{" in location or "-----BEGIN" in location:
            return location
        path = find(location, folder) or candidates(location, folder)[0]
        way = os.path.relpath(path, home)
        if not location.startswith("file:"):
            return way
        return f"file:///{quote(way if way.startswith('../') else f'./{way}')}"

    moved: Any = entry
    for path in _LOCATIONS[section]:
        moved = _replaced(moved, path, respelled)
    return dict(moved)


def renamed(entry: dict[str, Any], was: str, name: str) -> dict[str, Any]:
    """Return an entry under another namespace, with the references to its own inputs renamed."""
    prefix = re.compile(rf"(^|{{{{\s*){re.escape(was)}\.")
    return {**_respelled(entry, prefix, rf"\g<1>{name}."), "namespace": name}


def size_of(value: Any, limit: int) -> int:
    """Count the values in a value, aliases expanded; stop above ``limit``."""
    count = 0
    left = [value]
    while left and count <= limit:
        count += 1
        each = left.pop()
        if isinstance(each, dict):
            left += each.values()
        elif isinstance(each, list):
            left += each
    return count


def _replaced(value: Any, path: tuple[str, ...], respelled: Callable[[str], str]) -> Any:
    """Return a value with the relative locations at a path rewritten."""
    if not path:
        return respelled(value) if isinstance(value, str) and _is_relative(value) else value
    first, *rest = path
    if first == "*":
        if isinstance(value, list):
            return [_replaced(each, tuple(rest), respelled) for each in value]
        if isinstance(value, dict):
            return {key: _replaced(each, tuple(rest), respelled) for key, each in value.items()}
    elif isinstance(value, dict) and first in value and _names_file(value, first):
        return {**value, first: _replaced(value[first], tuple(rest), respelled)}
    return value


def _is_relative(location: str) -> bool:
    """Whether a location refers to another file from another folder; unknown for a template."""
    if not location or "{{" in location or not is_file(location):
        return False
    return not candidates(location, Path())[0].is_absolute()


def _names_file(owner: dict[str, Any], key: str) -> bool:
    return key != "outputSchema" or format_named(str(owner.get("outputRawFormat"))) in _SCHEMA_FORMATS


def _respelled(entry: dict[str, Any], prefix: re.Pattern[str], name: str) -> dict[str, Any]:
    """Return an entry in which the references under ``with`` begin with another name."""

    def respell(value: Any) -> Any:
        if isinstance(value, list):
            return [respell(each) for each in value]
        return _respelled(value, prefix, name) if isinstance(value, dict) else value

    return {
        key: _reference(value, prefix, name) if key == "with" else respell(value)
        for key, value in entry.items()
    }


def _reference(value: Any, prefix: re.Pattern[str], name: str) -> Any:
    if isinstance(value, str):
        return prefix.sub(name, value)
    if isinstance(value, dict):
        return {key: _reference(each, prefix, name) for key, each in value.items()}
    return value
