"""An entry of a section in a new home: another file, perhaps under another name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from naftiko_run.locations import candidates, find, is_file

_STEPS: Final = ("steps", "*", "location")
_FUNCTIONS: Final = (("tools", "*"), ("resources", "*"), ("resources", "*", "operations", "*"))
_LOCATIONS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "consumes": (("resources", "*", "operations", "*", "outputSchema"),),
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


def with_own_locations(entry: dict[str, Any], section: str, folder: Path) -> dict[str, Any]:
    """Give an entry whose relative locations begin at a folder, whatever document it is in."""
    moved: Any = entry
    for path in _LOCATIONS[section]:
        moved = _rooted(moved, path, folder)
    return dict(moved)


def renamed(entry: dict[str, Any], was: str, name: str) -> dict[str, Any]:
    """Give an entry under another namespace; what it says of its own inputs, it says by the new name."""
    prefix = re.compile(rf"(^|{{{{\s*){re.escape(was)}\.")
    return {**_respelled(entry, prefix, rf"\g<1>{name}."), "namespace": name}


def size_of(value: Any, most: int) -> int:
    """Count the values in a value, aliases unfolded; no further than ``most``."""
    count = 0
    left = [value]
    while left and count <= most:
        count += 1
        each = left.pop()
        if isinstance(each, dict):
            left += each.values()
        elif isinstance(each, list):
            left += each
    return count


def _rooted(value: Any, path: tuple[str, ...], folder: Path) -> Any:
    if not path:
        return _absolute(value, folder)
    first, *rest = path
    if first == "*":
        if isinstance(value, list):
            return [_rooted(each, tuple(rest), folder) for each in value]
        if isinstance(value, dict):
            return {key: _rooted(each, tuple(rest), folder) for key, each in value.items()}
    elif isinstance(value, dict) and first in value and _names_file(value, first):
        return {**value, first: _rooted(value[first], tuple(rest), folder)}
    return value


def _names_file(owner: dict[str, Any], key: str) -> bool:
    return key != "outputSchema" or owner.get("outputRawFormat") in _SCHEMA_FORMATS


def _absolute(location: Any, folder: Path) -> Any:
    if not isinstance(location, str) or not location or not is_file(location) or "{{" in location:
        return location
    path = (find(location, folder) or candidates(location, folder)[0]).absolute()
    return path.as_uri() if location.startswith("file:") else str(path)


def _respelled(entry: dict[str, Any], prefix: re.Pattern[str], name: str) -> dict[str, Any]:
    """Give an entry in which every reference of a ``with`` begins with another name."""

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
