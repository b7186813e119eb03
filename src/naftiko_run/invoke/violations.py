"""Violations of a JSON Schema, described so that a person or a model can act on them, without values.

The validator creates the errors of a value all at once, each with a copy of the part that is wrong: a million wrong
elements take gigabytes, and hold the interpreter lock for most of a minute. Values with many members are therefore
searched member by member, until there are enough violations.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Final

import jsonschema_rs

from naftiko_run import _json
from naftiko_run._json_incremental import is_large
from naftiko_run.diagnostics import closest_name, json_pointer
from naftiko_run.errors import Violation
from naftiko_run.invoke.schemas import compile_schema

MAX_VIOLATIONS: Final = 20
"""How many violations are listed."""
_MAX_MEMBERS: Final = 300
"""A value with more members is searched member by member."""
_MAX_LISTED: Final = 20
"""Maximum number of names, and of alternatives, in a message."""
_MAX_COMPARED: Final = 100
"""Maximum number of names that may be a mistyped one."""
_MAX_NAME_LENGTH: Final = 100
_MAX_MESSAGE_LENGTH: Final = 1000

_OWN_KEYWORDS: Final = frozenset(
    ("type", "required", "minItems", "maxItems", "minProperties", "maxProperties")
)
"""Keywords about a container itself, whatever its members are."""

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

Path = tuple[str | int, ...]
"""The names and indexes of the path to a member."""


def find_violations(
    value: Any, schema: Mapping[str, Any], given: Collection[str] = (), *, limit: int = MAX_VIOLATIONS
) -> list[Violation]:
    """Return the first violations in an invalid value, and a last one that says so if there are more.

    Args:
        value: The value, of any size.
        schema: Its schema.
        given: The names of its members as the caller wrote them, among which mistyped ones are looked for.
        limit: How many violations to return.
    """
    found = [*islice(_Search(schema, given).violations(value, schema, ()), limit + 1)]
    if len(found) > limit:
        found[limit:] = [Violation("", "there are more violations, which are not listed")]
    return found


def remove_absent_members(value: dict[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return an input map without the nulls that count as absent, which is the same object if there are none.

    They are optional members of objects in an input, and their schema does not allow null.
    """
    removed: dict[str, Any] = _NullRemover(schema).remove(value, schema)
    return removed


class _NullRemover:
    """Removes nulls that count as absent.

    Args:
        root: The schema of the input map, whose own members are not removed.
    """

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._inputs = [root, *root.get("allOf", ())]
        self._takes_null: dict[int, bool] = {}

    def remove(self, value: Any, schema: Any) -> Any:
        if not isinstance(schema, dict):
            return value
        if isinstance(value, dict):
            value = self._object(value, schema)
        elif isinstance(value, list) and isinstance(items := schema.get("items"), dict):
            removed = [self.remove(each, items) for each in value]
            if any(new is not old for new, old in zip(removed, value, strict=True)):
                value = removed
        for each in schema.get("allOf", ()):
            value = self.remove(value, each)
        return value

    def _object(self, value: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        required = schema.get("required", ())
        is_input = any(schema is each for each in self._inputs)
        kept = {}
        is_same = True
        for name, member in value.items():
            member_schema = properties.get(name, others)
            if member is None and not is_input and name not in required and self._rejects_null(member_schema):
                is_same = False
                continue
            kept[name] = self.remove(member, member_schema)
            is_same = is_same and kept[name] is member
        return value if is_same else kept

    def _rejects_null(self, schema: Any) -> bool:
        if not isinstance(schema, dict):
            return False
        takes_null = self._takes_null.get(id(schema))
        if takes_null is None:
            validator = _compiled(schema)
            takes_null = self._takes_null[id(schema)] = validator is None or validator.is_valid(None)
        return not takes_null


class _Search:
    """Finds violations one after the other.

    Args:
        schema: The schema of the whole value.
        given: The names of its members as the caller wrote them.
    """

    def __init__(self, schema: Mapping[str, Any], given: Collection[str]) -> None:
        self._known = [*schema.get("properties", ())]
        unknown = (name for name in given if len(name) <= _MAX_NAME_LENGTH and name not in self._known)
        self._unknown = [*islice(unknown, _MAX_COMPARED)]
        self._validators: dict[int, jsonschema_rs.Draft202012Validator | None] = {}

    def violations(self, value: Any, schema: Mapping[str, Any], path: Path) -> Iterator[Violation]:
        """Yield the violations in a value that may be invalid."""
        validator = self._validator(schema)
        if validator is not None and validator.is_valid(value):
            return
        if validator is not None and not (isinstance(value, dict | list) and is_large(value, _MAX_MEMBERS)):
            for error in validator.iter_errors(value):
                yield from self._described(error, path)
            return
        found = chain(
            self._violations_of_container(value, schema, path),
            self._violations_of_members(value, schema, path),
        )
        first = next(found, None)
        if first is None:
            first = Violation(_pointer(path), "does not match its schema; it is too large to say where")
        yield first
        yield from found

    def _violations_of_container(
        self, value: Any, schema: Mapping[str, Any], path: Path
    ) -> Iterator[Violation]:
        """Yield the violations of a container that do not depend on the values of its members."""
        own = {keyword: each for keyword, each in schema.items() if keyword in _OWN_KEYWORDS}
        outline = dict.fromkeys(value) if isinstance(value, dict) else [None] * len(value)
        for error in compile_schema(own).iter_errors(outline):
            yield from self._described(error, path)
        if isinstance(value, dict) and schema.get("additionalProperties") is False:
            properties = schema.get("properties", {})
            if "patternProperties" not in schema:
                yield from self._unexpected((each for each in value if each not in properties), path)

    def _violations_of_members(
        self, value: Any, schema: Mapping[str, Any], path: Path
    ) -> Iterator[Violation]:
        for key, member, member_schema in _members(value, schema):
            if isinstance(member_schema, dict) and self._validator(member_schema) is not None:
                yield from self.violations(member, member_schema, (*path, key))
        for each in schema.get("allOf", ()):
            if isinstance(each, dict) and self._validator(each) is not None:
                yield from self.violations(value, each, path)

    def _validator(self, schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator | None:
        """Return the validator of a part of the schema; see ``_compiled``."""
        if id(schema) not in self._validators:
            self._validators[id(schema)] = _compiled(schema)
        return self._validators[id(schema)]

    def _unexpected(self, names: Iterator[str], path: Path) -> Iterator[Violation]:
        known = [] if path else self._known
        for name in names:
            yield Violation(_pointer((*path, name)), _unexpected(name, known))

    def _described(self, error: jsonschema_rs.ValidationError, at: Path = ()) -> Iterator[Violation]:
        path: Path = (*at, *error.instance_path)
        kind: Any = error.kind
        if kind.name == "required":
            close = "" if path else closest_name(kind.property, self._unknown)
            meant = f"; did you mistype it as `{close}`?" if close else ""
            yield Violation(_pointer((*path, kind.property)), f"is required{meant}")
        elif kind.name in ("additionalProperties", "unevaluatedProperties"):
            yield from self._unexpected(iter(kind.unexpected), path)
        else:
            yield Violation(_pointer(path), self._message(error))

    def _message(self, error: jsonschema_rs.ValidationError) -> str:
        kind: Any = error.kind
        if kind.name == "type":
            types = sorted(kind.types, key=lambda each: each == "null")
            expected = " or ".join(_TYPES[each] for each in types)
            return f"must be {expected}, not {_name_of(error.instance)}"
        if kind.name == "enum":
            return f"must be one of {_json.dumps(kind.options).decode()}"
        if kind.name == "pattern":
            return f"must match the pattern {kind.pattern}"
        if kind.name in ("anyOf", "oneOf") and any(kind.context):
            ways = [self._alternative(way) for way in kind.context[:_MAX_LISTED]]
            listed = "; or ".join(way for way in ways if way)
            return _shortened(f"must match one of several alternatives: {listed}", _MAX_MESSAGE_LENGTH)
        return _shortened(error.message, _MAX_MESSAGE_LENGTH)

    def _alternative(self, errors: Sequence[jsonschema_rs.ValidationError]) -> str:
        """Return what one alternative of a schema requires."""
        violations = (each for error in errors for each in self._described(error))
        return " and ".join(
            f"{each.pointer} {each.message}".strip() for each in islice(violations, _MAX_LISTED)
        )


def _compiled(schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator | None:
    """Return the validator of a schema; None if the schema refers to another part of the whole one."""
    try:
        return compile_schema(dict(schema))
    except ValueError:
        return None


def _members(value: Any, schema: Mapping[str, Any]) -> Iterator[tuple[str | int, Any, Any]]:
    """Yield the key and value of each member of a container, and its schema; None if it has none."""
    if isinstance(value, list):
        first = len(schema.get("prefixItems", ()))
        items = schema.get("items")
        yield from ((at, value[at], items) for at in range(first, len(value)))
    else:
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        others = None if "patternProperties" in schema else others
        yield from ((name, member, properties.get(name, others)) for name, member in value.items())


def _unexpected(name: str, known: Sequence[str]) -> str:
    close = closest_name(name[:_MAX_NAME_LENGTH], known)
    if close:
        return f"is not known; did you mean `{close}`?"
    names = ", ".join(f"`{each}`" for each in known[:_MAX_LISTED])
    return f"is not known; expected one of: {names}" if known else "is not known"


def _pointer(path: Path) -> str:
    """Return a path as a JSON pointer; the caller's names in it may have any length."""
    return json_pointer(
        [_shortened(each, _MAX_NAME_LENGTH) if isinstance(each, str) else each for each in path]
    )


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"


def _name_of(value: Any) -> str:
    """Return the type of a value, for messages."""
    return "null" if value is None else _NAMES.get(type(value), type(value).__name__)
