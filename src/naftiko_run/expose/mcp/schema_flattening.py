"""Flattening of the root of an input schema to a plain object, which every major MCP client accepts.

Claude and OpenAI reject a whole list of tools for one schema whose root has ``anyOf``, ``oneOf`` or ``allOf``. Clients see
a root into which these are merged: it allows everything that the author's schema allows, and arguments are validated
against the author's schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from naftiko_run import _json
from naftiko_run.expose.mcp.property_keys import Schema, resolve_reference

_CHOICES: Final = ("anyOf", "oneOf")
_REJECTED: Final = frozenset((*_CHOICES, "allOf", "not", "enum", "const", "$ref"))
_REFERENCES_TO_REJECTED: Final = (b'"#/anyOf/', b'"#/oneOf/', b'"#/allOf/')
_MAX_DEPTH: Final = 20
_MAX_BRANCHES: Final = 10


@dataclass(frozen=True, slots=True)
class _Members:
    """The members of an object that a schema describes.

    Attributes:
        properties: The schema of each member.
        required: The names of the members that are always required.
    """

    properties: dict[str, Any] = field(default_factory=dict)
    required: frozenset[str] = frozenset()


def flatten_root(schema: Schema) -> Schema:
    """Return an input schema whose root every major client accepts.

    It has the properties of all branches and requires what all branches require. If the branches of a choice require
    different members, the description says so.
    """
    if _REJECTED.isdisjoint(schema) or any(each in _json.dumps(schema) for each in _REFERENCES_TO_REJECTED):
        return schema
    members = _members(schema, schema, 0)
    plain = {keyword: each for keyword, each in schema.items() if keyword not in _REJECTED}
    properties: dict[str, Any] = schema.get("properties", {})
    is_closed = schema.get("additionalProperties") is False  # except for the properties beside it
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
    """Return the members that a schema describes, in any of its parts."""
    if not isinstance(schema, dict) or depth > _MAX_DEPTH:
        return _Members()
    found = _Members(dict(schema.get("properties", {})), frozenset(schema.get("required", ())))
    applicable = [*schema.get("allOf", ())]
    if isinstance(schema.get("$ref"), str):
        applicable.append(resolve_reference(schema["$ref"], root))
    for each in applicable:
        found = _all_of(found, _members(each, root, depth + 1))
    for keyword in _CHOICES:
        if keyword in schema:
            found = _all_of(
                found, _any_of(_members(each, root, depth + 1) for each in _branches(schema[keyword]))
            )
    return found


def _branches(choice: Iterable[Any]) -> list[Any]:
    """Return the branches of a choice that an object can match."""
    return [
        each
        for each in choice
        if each is not False and not (isinstance(each, dict) and each.get("type", "object") != "object")
    ]


def _all_of(one: _Members, other: _Members) -> _Members:
    """Return the members of two schemas that both apply; if they contradict each other, the first one wins."""
    properties = dict(one.properties)
    for name, schema in other.properties.items():
        properties[name] = _intersection(properties[name], schema) if name in properties else schema
    return _Members(properties, one.required | other.required)


def _intersection(schema: Any, other: Any) -> Any:
    if not isinstance(schema, dict) or not isinstance(other, dict):
        return schema if isinstance(schema, dict) else other
    agree = all(schema[keyword] == other[keyword] for keyword in schema.keys() & other.keys())
    return {**schema, **other} if agree else schema


def _any_of(branches: Iterable[_Members]) -> _Members:
    """Return the members of several schemas of which at least one applies."""
    each = [*branches]
    names = dict.fromkeys(name for members in each for name in members.properties)
    properties = {
        name: _union([members.properties[name] for members in each if name in members.properties])
        for name in names
    }
    required = frozenset.intersection(*(members.required for members in each)) if each else frozenset()
    return _Members(properties, required)


def _union(schemas: Sequence[Any]) -> Any:
    """Return a schema for the values that any of several schemas allows."""
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
    """Return a sentence on the additional members that the branches of a choice require; empty if there are none."""
    notes = []
    for keyword in _CHOICES:
        branches = [
            _members(each, schema, 1).required - required for each in _branches(schema.get(keyword, ()))
        ]
        if branches and all(branches) and len(branches) <= _MAX_BRANCHES:
            quantity = "Exactly one" if keyword == "oneOf" else "At least one"
            alternatives = dict.fromkeys(
                " and ".join(f"`{name}`" for name in sorted(each)) for each in branches
            )
            notes.append(f"{quantity} of these is required: {'; '.join(alternatives)}.")
    return " ".join(notes)
