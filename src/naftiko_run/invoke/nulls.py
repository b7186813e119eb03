"""Nulls for optional members of objects whose schemas do not take null."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema_rs

Path = tuple[str | int, ...]
"""The names and indices that lead to a member."""


def is_absent_member(error: jsonschema_rs.ValidationError, schema: Mapping[str, Any]) -> bool:
    """Return whether an error is only about a null for an optional member of an object below an input.

    Args:
        error: What does not fit.
        schema: Of the input map.
    """
    path, place = [*error.instance_path], [*error.schema_path]
    if error.instance is not None or len(path) < 2 or not isinstance(path[-1], str):
        return False
    is_named = place[-3:-1] == ["properties", path[-1]]
    found: Any = schema
    for step in place[: -3 if is_named else -2]:
        if not isinstance(found, Mapping | list):  # behind a reference
            return False
        found = found[step]  # type: ignore[index]
    return isinstance(found, Mapping) and path[-1] not in found.get("required", ())


def without_members(value: Any, places: Sequence[Path]) -> Any:
    """Return a value without the members at some places below it; what is not on their way is not copied."""
    inner: dict[str | int, list[Path]] = {}
    for first, *rest in places:
        inner.setdefault(first, []).append(tuple(rest))
    if isinstance(value, list):
        return [without_members(each, inner[at]) if at in inner else each for at, each in enumerate(value)]
    return {
        name: without_members(member, inner[name]) if name in inner else member
        for name, member in value.items()
        if () not in inner.get(name, ())
    }
