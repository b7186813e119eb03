"""Descriptions of validation errors that a person or a model can act on; they never contain values."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import jsonschema_rs

from naftiko_run import _json
from naftiko_run.diagnostics import json_pointer
from naftiko_run.errors import Violation

_NAMES: Final = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "text",
    list: "an array",
    dict: "an object",
}
_TYPES: Final = {
    "string": "text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "an array",
    "object": "an object",
    "null": "null",
}
_MAX_LISTED: Final = 20
"""Maximum number of names, and of alternatives, in a message."""


def violations_of(
    errors: Iterator[jsonschema_rs.ValidationError], schema: Mapping[str, Any], given: Collection[str]
) -> list[Violation]:
    """Return the violations in an input map.

    Args:
        errors: The validation errors.
        schema: The schema of the input map.
        given: The names in the input map.
    """
    known = [*schema.get("properties", ())]
    unknown = [name for name in given if name not in known]
    return [violation for error in errors for violation in _violations(error, known, unknown)]


def _violations(
    error: jsonschema_rs.ValidationError, known: Sequence[str], unknown: Sequence[str]
) -> Iterator[Violation]:
    path = [*error.instance_path]
    kind: Any = error.kind
    if kind.name == "required":
        close = [] if path else difflib.get_close_matches(kind.property, unknown, n=1)
        meant = f"; did you mistype it as `{close[0]}`?" if close else ""
        yield Violation(json_pointer([*path, kind.property]), f"is required{meant}")
    elif kind.name in ("additionalProperties", "unevaluatedProperties"):
        for name in kind.unexpected:
            yield Violation(json_pointer([*path, name]), _unexpected(name, [] if path else known))
    else:
        yield Violation(json_pointer(path), _message(error, known, unknown))


def _message(error: jsonschema_rs.ValidationError, known: Sequence[str], unknown: Sequence[str]) -> str:
    kind: Any = error.kind
    if kind.name == "type":
        types = sorted(kind.types, key=lambda each: each == "null")
        expected = " or ".join(_TYPES[each] for each in types)
        return f"must be {expected}, not {name_of(error.instance)}"
    if kind.name == "enum":
        return f"must be one of {_json.dumps(kind.options).decode()}"
    if kind.name == "pattern":
        return f"must match the pattern {kind.pattern}"
    if kind.name in ("anyOf", "oneOf") and any(kind.context):
        ways = [
            " and ".join(
                f"{each.pointer} {each.message}".strip()
                for inner in way
                for each in _violations(inner, known, unknown)
            )
            for way in kind.context[:_MAX_LISTED]
        ]
        return f"must match one of several alternatives: {'; or '.join(way for way in ways if way)}"
    return error.message


def _unexpected(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"is not known; did you mean `{close[0]}`?"
    names = ", ".join(f"`{each}`" for each in known[:_MAX_LISTED])
    return f"is not known; expected one of: {names}" if known else "is not known"


def name_of(value: Any) -> str:
    """Return the type of a value, for messages."""
    return "null" if value is None else _NAMES.get(type(value), type(value).__name__)
