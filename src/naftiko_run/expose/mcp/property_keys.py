"""Property keys of input schemas that every major MCP client accepts.

Claude rejects a whole list of tools for one property key that does not match ``[a-zA-Z0-9_.-]{1,64}``, and upstreams have
parameters such as ``filter[tag]`` and ``$top``. Clients see schemas with exposed keys that they all accept; arguments may
use those or the original keys, and the function gets the original ones. The keys are computed when a document is loaded:
a tool whose keys are all valid has no ``PropertyKeys``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from naftiko_run.diagnostics import json_pointer
from naftiko_run.document.normalize.tool_names import digest_of
from naftiko_run.errors import InvalidInput, Violation
from naftiko_run.expressions import is_index

_VALID: Final = re.compile(r"[a-zA-Z0-9_.-]{1,64}\Z")
_INVALID_CHARACTERS: Final = re.compile(r"[^a-zA-Z0-9_.-]+")
_MAX_LENGTH: Final = 64
_COMPARISONS: Final = (("<=", "_lte"), (">=", "_gte"), ("!=", "_ne"), ("<", "_lt"), (">", "_gt"))
"""Replacements of comparison operators at the end of a key, as in ``StartTime<``."""

_SCHEMA_KEYWORDS: Final = (
    *("items", "additionalProperties", "contains", "not", "if", "then", "else", "propertyNames"),
    *("unevaluatedItems", "unevaluatedProperties", "contentSchema"),
)
"""Keywords whose value is a schema."""
_SCHEMA_LIST_KEYWORDS: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_SCHEMA_MAP_KEYWORDS: Final = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
_COMBINATORS: Final = ("anyOf", "oneOf", "allOf")
_CONDITIONALS: Final = ("if", "then", "else")

Schema = dict[str, Any]


@dataclass(slots=True)
class _Location:
    """A location in arguments, as far as schemas describe it.

    Attributes:
        members: The location of each declared property, by its original key.
        items: The location of the elements of an array.
        others: The location of additional properties.
    """

    members: dict[str, _Location] = field(default_factory=dict)
    items: _Location | None = None
    others: _Location | None = None


@dataclass(frozen=True, slots=True)
class PropertyKeys:
    """The keys of one schema that some client rejects, and the exposed keys that replace them.

    Attributes:
        exposed: The exposed keys by the original ones.
        original: The original keys by the exposed ones.
    """

    exposed: Mapping[str, str]
    original: Mapping[str, str]
    _root: _Location = field(repr=False)

    def to_exposed(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return arguments with the exposed keys, whichever of the two the caller used.

        Raises:
            InvalidInput: An argument has both keys, or the arguments are nested too deeply.
        """
        return self._renamed(arguments, self.exposed)

    def to_original(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return arguments that have the exposed keys with the original ones.

        Raises:
            InvalidInput: The arguments are nested too deeply.
        """
        return self._renamed(arguments, self.original)

    def exposed_error(self, error: InvalidInput) -> InvalidInput:
        """Return an error whose violations point to exposed keys, for one whose violations point to original keys."""
        return InvalidInput([self._violation(each) for each in error.violations])

    def _violation(self, violation: Violation) -> Violation:
        first, *rest = violation.pointer.split("/")
        tokens = [each.replace("~1", "/").replace("~0", "~") for each in rest]
        exposed = json_pointer([self.exposed.get(each, each) for each in tokens])
        return replace(violation, pointer=first + exposed)

    def _renamed(self, arguments: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
        try:
            renamed: dict[str, Any] = self._walk(arguments, self._root, names, ())
        except RecursionError:
            raise InvalidInput([Violation("", "is nested too deeply")]) from None
        return renamed

    def _walk(
        self, value: Any, location: _Location | None, names: Mapping[str, str], path: Sequence[str | int]
    ) -> Any:
        if location is None:
            return value
        if isinstance(value, list):
            if location.items is None:
                return value
            return [self._walk(each, location.items, names, (*path, at)) for at, each in enumerate(value)]
        if not isinstance(value, dict):
            return value
        renamed: dict[str, Any] = {}
        for key, member in value.items():
            original = self.original.get(key, key)
            is_declared = original in location.members
            name = names.get(key, key) if is_declared else key
            inner = location.members[original] if is_declared else location.others
            if name in renamed:
                raise InvalidInput(
                    [
                        Violation(
                            json_pointer([*path, name]), f"is duplicated: it is also passed as `{original}`"
                        )
                    ]
                )
            renamed[name] = self._walk(member, inner, names, (*path, name))
        return renamed


def exposed_schema(schema: Schema) -> tuple[Schema, PropertyKeys | None]:
    """Return an input schema as clients see it, and its keys if some are replaced.

    Arrays get ``items`` at every level, because OpenAI and Gemini reject arrays without.
    """
    names = dict.fromkeys(name for each in _subschemas(schema) for name in each.get("properties", ()))
    exposed: dict[str, str] = {}
    for name in names:
        if not _VALID.match(name):
            exposed[name] = _unique_key(_valid_key(name), names.keys() | {*exposed.values()})
    rewritten: Schema = _rewritten(schema, exposed)
    if not exposed:
        return rewritten, None
    root = _location([schema], schema, {})
    return rewritten, PropertyKeys(exposed, {value: key for key, value in exposed.items()}, root)


def without_invalid_keys(schema: Schema) -> Schema:
    """Return an output schema without the properties whose keys some client rejects.

    Results are returned unchanged: the schema just does not describe these members.
    """
    if all(_VALID.match(name) for each in _subschemas(schema) for name in each.get("properties", ())):
        return schema
    kept: Schema = _without_invalid(schema)
    return kept


def _without_invalid(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_invalid(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: _without_invalid(value) if key in (*_SCHEMA_KEYWORDS, *_SCHEMA_LIST_KEYWORDS) else value
        for key, value in schema.items()
    }
    for keyword in _SCHEMA_MAP_KEYWORDS:
        if isinstance(kept.get(keyword), dict):
            kept[keyword] = {
                name: _without_invalid(each)
                for name, each in kept[keyword].items()
                if keyword != "properties" or _VALID.match(name)
            }
    return kept


def _valid_key(name: str) -> str:
    """Return a valid key that is as similar to the original one as possible."""
    for mark, word in _COMPARISONS:
        if name.endswith(mark):
            name = name.removesuffix(mark) + word
            break
    key = _INVALID_CHARACTERS.sub("_", name).strip("_") or f"field_{digest_of(name)}"
    if not (key[0].isalpha() or key[0] == "_"):
        key = f"_{key}"
    if len(key) > _MAX_LENGTH:
        digest = digest_of(name)
        key = f"{key[: _MAX_LENGTH - len(digest) - 1]}_{digest}"
    return key


def _unique_key(name: str, taken: set[str]) -> str:
    free, number = name, 2
    while free in taken:
        suffix = f"_{number}"
        free = f"{name[: _MAX_LENGTH - len(suffix)]}{suffix}"
        number += 1
    return free


def _subschemas(schema: Any) -> Iterator[Schema]:
    """Yield a schema and all its subschemas."""
    if not isinstance(schema, dict):
        return
    yield schema
    for keyword in _SCHEMA_KEYWORDS:
        if keyword in schema:
            yield from _subschemas(schema[keyword])
    for keyword in _SCHEMA_LIST_KEYWORDS:
        if isinstance(schema.get(keyword), list):
            for each in schema[keyword]:
                yield from _subschemas(each)
    for keyword in _SCHEMA_MAP_KEYWORDS:
        if isinstance(schema.get(keyword), dict):
            for each in schema[keyword].values():
                yield from _subschemas(each)


def _rewritten(schema: Any, exposed: Mapping[str, str]) -> Any:
    """Return a schema with exposed keys, and ``items`` for every array; the schema itself if nothing changes."""
    if not isinstance(schema, dict):
        return schema
    changed: Schema = {}
    for keyword in _SCHEMA_KEYWORDS:
        if keyword in schema:
            changed[keyword] = _rewritten(schema[keyword], exposed)
    for keyword in _SCHEMA_LIST_KEYWORDS:
        if isinstance(schema.get(keyword), list):
            changed[keyword] = [_rewritten(each, exposed) for each in schema[keyword]]
    for keyword in _SCHEMA_MAP_KEYWORDS:
        if isinstance(schema.get(keyword), dict):
            changed[keyword] = {name: _rewritten(each, exposed) for name, each in schema[keyword].items()}
    if exposed:
        changed |= _with_exposed_keys(schema | changed, exposed)
    if _is_array(schema) and "items" not in schema and "prefixItems" not in schema:
        changed["items"] = {}
    return schema | changed if any(schema.get(key) != value for key, value in changed.items()) else schema


def _with_exposed_keys(schema: Schema, exposed: Mapping[str, str]) -> Schema:
    changed: Schema = {}
    if isinstance(schema.get("properties"), dict):
        changed["properties"] = {
            exposed.get(name, name): _with_note(each, name) if name in exposed else each
            for name, each in schema["properties"].items()
        }
    if isinstance(schema.get("required"), list):
        changed["required"] = [exposed.get(name, name) for name in schema["required"]]
    for keyword in ("dependentRequired", "dependentSchemas"):
        if isinstance(schema.get(keyword), dict):
            changed[keyword] = {
                exposed.get(name, name): [exposed.get(it, it) for it in each]
                if isinstance(each, list)
                else each
                for name, each in schema[keyword].items()
            }
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/"):
        changed["$ref"] = _reference(reference, exposed)
    return changed


def _reference(reference: str, exposed: Mapping[str, str]) -> str:
    """Return a reference into the same schema with the exposed keys."""
    tokens = [each.replace("~1", "/").replace("~0", "~") for each in reference.split("/")[1:]]
    before = ["", *tokens]
    return "#" + json_pointer(
        [
            exposed.get(token, token) if last == "properties" else token
            for last, token in zip(before, tokens, strict=False)
        ]
    )


def _with_note(schema: Any, name: str) -> Any:
    """Return the schema of a renamed property, with the original key in its description."""
    if not isinstance(schema, dict):
        return schema
    text = schema.get("description", "")
    gap = "" if not text else " " if text.rstrip().endswith((".", "!", "?")) else ". "
    return schema | {"description": f"{text.rstrip()}{gap}Sent as `{name}`."}


def _is_array(schema: Schema) -> bool:
    kind = schema.get("type")
    return kind == "array" or (isinstance(kind, list) and "array" in kind)


def _location(schemas: Sequence[Any], root: Schema, known: dict[tuple[int, ...], _Location]) -> _Location:
    """Return the location that several schemas describe together; a recursive one is built once."""
    subschemas = [each for schema in schemas for each in _applicable(schema, root, set())]
    identity = tuple(sorted({id(each) for each in subschemas}))
    if identity in known:
        return known[identity]
    known[identity] = location = _Location()
    members: dict[str, list[Any]] = {}
    items: list[Any] = []
    others: list[Any] = []
    for schema in subschemas:
        for name, each in schema.get("properties", {}).items():
            members.setdefault(name, []).append(each)
        items += [schema["items"]] if "items" in schema else []
        items += schema.get("prefixItems", [])
        others += [schema["additionalProperties"]] if "additionalProperties" in schema else []
    location.members = {name: _location(each, root, known) for name, each in members.items()}
    location.items = _location(items, root, known) if items else None
    location.others = _location(others, root, known) if others else None
    return location


def _applicable(schema: Any, root: Schema, seen: set[int]) -> Iterator[Schema]:
    """Yield a schema and the schemas that apply to the same value."""
    if not isinstance(schema, dict) or id(schema) in seen:
        return
    seen.add(id(schema))
    yield schema
    for keyword in _COMBINATORS:
        for each in schema.get(keyword, ()):
            yield from _applicable(each, root, seen)
    for keyword in _CONDITIONALS:
        yield from _applicable(schema.get(keyword), root, seen)
    for each in schema.get("dependentSchemas", {}).values():
        yield from _applicable(each, root, seen)
    if "$ref" in schema:
        yield from _applicable(resolve_reference(schema["$ref"], root), root, seen)


def resolve_reference(reference: str, root: Schema) -> Any:
    """Return the target of a reference into the same schema; None if there is none."""
    if reference == "#":
        return root
    if not reference.startswith("#/"):
        anchor = reference.removeprefix("#")
        return next((each for each in _subschemas(root) if each.get("$anchor") == anchor), None)
    target: Any = root
    for token in reference.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(target, list) and is_index(name, target):
            target = target[int(name)]
        elif isinstance(target, dict):
            target = target.get(name)
        else:
            return None
    return target
