"""The root of an input schema, as every big MCP client takes it: a plain object.

Claude and OpenAI refuse a whole list of tools for one schema whose root has ``anyOf``, ``oneOf`` or ``allOf``. Clients are
shown a root into which these are merged: it allows all that the author's schema allows, and arguments are checked against
the author's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from naftiko_run import _json
from naftiko_run.expose.mcp.propertykeys import Schema, target_of

_CHOICES: Final = ("anyOf", "oneOf")
_REFUSED: Final = frozenset((*_CHOICES, "allOf", "not", "enum", "const", "$ref"))
_INTO_REFUSED: Final = (b'"#/anyOf/', b'"#/oneOf/', b'"#/allOf/')
_MAX_DEPTH: Final = 20
_MAX_SETS: Final = 10


@dataclass(frozen=True, slots=True)
class _Members:
    """What a schema says of an object's members.

    Attributes:
        properties: The schema of each.
        required: The names of those that are always required.
    """

    properties: dict[str, Any] = field(default_factory=dict)
    required: frozenset[str] = frozenset()


def plain_root(schema: Schema) -> Schema:
    """Return an input schema whose root every big client takes.

    Properties of all branches are in it, and what all branches require is required; where the branches of a choice
    require different members, the description says so.
    """
    if _REFUSED.isdisjoint(schema) or any(each in _json.dumps(schema) for each in _INTO_REFUSED):
        return schema
    members = _members(schema, schema, 0)
    plain = {keyword: each for keyword, each in schema.items() if keyword not in _REFUSED}
    properties: dict[str, Any] = schema.get("properties", {})
    is_closed = schema.get("additionalProperties") is False  # to all but the properties beside it
    plain["properties"] = {
        name: {} if each is True else each
        for name, each in members.properties.items()
        if not is_closed or name in properties
    }
    plain.pop("required", None)
    if required := [name for name in plain["properties"] if name in members.required]:
        plain["required"] = required
    if note := _note(schema, members.required):
        plain["description"] = " ".join(filter(None, (schema.get("description", ""), note)))
    return plain


def _members(schema: Any, root: Schema, depth: int) -> _Members:
    """Return what a schema says of members, whatever part of it says so."""
    if not isinstance(schema, dict) or depth > _MAX_DEPTH:
        return _Members()
    found = _Members(dict(schema.get("properties", {})), frozenset(schema.get("required", ())))
    together = [*schema.get("allOf", ())]
    if isinstance(schema.get("$ref"), str):
        together.append(target_of(schema["$ref"], root))
    for each in together:
        found = _both(found, _members(each, root, depth + 1))
    for keyword in _CHOICES:
        if keyword in schema:
            found = _both(found, _any(_members(each, root, depth + 1) for each in _branches(schema[keyword])))
    return found


def _branches(choice: Iterable[Any]) -> list[Any]:
    """Return the branches of a choice that an object can fit."""
    return [
        each
        for each in choice
        if each is not False and not (isinstance(each, dict) and each.get("type", "object") != "object")
    ]


def _both(one: _Members, other: _Members) -> _Members:
    """Return what two schemas say that hold together; of a member where they differ, the first."""
    properties = dict(one.properties)
    for name, schema in other.properties.items():
        properties[name] = _refined(properties[name], schema) if name in properties else schema
    return _Members(properties, one.required | other.required)


def _refined(schema: Any, other: Any) -> Any:
    if not isinstance(schema, dict) or not isinstance(other, dict):
        return schema if isinstance(schema, dict) else other
    agree = all(schema[keyword] == other[keyword] for keyword in schema.keys() & other.keys())
    return {**schema, **other} if agree else schema


def _any(branches: Iterable[_Members]) -> _Members:
    """Return what schemas say of which one holds."""
    each = [*branches]
    names = dict.fromkeys(name for members in each for name in members.properties)
    properties = {
        name: _one_of([members.properties[name] for members in each if name in members.properties])
        for name in names
    }
    required = frozenset.intersection(*(members.required for members in each)) if each else frozenset()
    return _Members(properties, required)


def _one_of(schemas: Sequence[Any]) -> Any:
    """Return a schema for the values that any of several allows."""
    distinct: list[Any] = []
    for schema in schemas:
        if schema not in distinct:
            distinct.append(schema)
    if len(distinct) == 1:
        return distinct[0]
    if all(isinstance(each, dict) and "const" in each for each in distinct):
        rest = [{keyword: it for keyword, it in each.items() if keyword != "const"} for each in distinct]
        if all(each == rest[0] for each in rest):
            return {**rest[0], "enum": [each["const"] for each in distinct]}
    return {"anyOf": distinct}


def _note(schema: Schema, required: frozenset[str]) -> str:
    """Return a sentence on what the branches of a choice require beside what is required anyway; empty for nothing."""
    notes = []
    for keyword in _CHOICES:
        branches = [
            _members(each, schema, 1).required - required for each in _branches(schema.get(keyword, ()))
        ]
        if branches and all(branches) and len(branches) <= _MAX_SETS:
            ways = "Exactly one" if keyword == "oneOf" else "At least one"
            sets = dict.fromkeys(" and ".join(f"`{name}`" for name in sorted(each)) for each in branches)
            notes.append(f"{ways} of these is required: {'; '.join(sets)}.")
    return " ".join(notes)
