"""Keys of arguments, as every big MCP client takes them.

Claude refuses a whole list of tools for one property key that is not ``[a-zA-Z0-9_.-]{1,64}``, and upstreams have
parameters such as ``filter[tag]`` and ``$top``. Schemas are shown with keys that every client takes; arguments come with
those or with the original ones, and go on with the original ones. All of it is decided when a document is loaded: a tool
whose keys are in order has no ``PropertyKeys``.
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

_TAKEN: Final = re.compile(r"[a-zA-Z0-9_.-]{1,64}\Z")
_REFUSED: Final = re.compile(r"[^a-zA-Z0-9_.-]+")
_MAX_LENGTH: Final = 64
_SPELLED: Final = (("<=", "_lte"), (">=", "_gte"), ("!=", "_ne"), ("<", "_lt"), (">", "_gt"))
"""What comparisons at the end of a key are called, as in ``StartTime<``."""

_ONE: Final = (
    *("items", "additionalProperties", "contains", "not", "if", "then", "else", "propertyNames"),
    *("unevaluatedItems", "unevaluatedProperties", "contentSchema"),
)
"""Keywords that hold a schema."""
_LISTS: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_MAPS: Final = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
_SAME_PLACE: Final = ("anyOf", "oneOf", "allOf")
_SAME_PLACE_TOO: Final = ("if", "then", "else")

Schema = dict[str, Any]


@dataclass(slots=True)
class _Place:
    """A place in arguments, as far as schemas describe it.

    Attributes:
        members: What each property that is declared here leads to, by its original key.
        items: What each element of an array leads to.
        others: What properties that are not declared lead to.
    """

    members: dict[str, _Place] = field(default_factory=dict)
    items: _Place | None = None
    others: _Place | None = None


@dataclass(frozen=True, slots=True)
class PropertyKeys:
    """The keys of one schema that some client refuses, and those that are shown instead.

    Attributes:
        shown: The key that is shown, by the original one.
        original: The reverse.
    """

    shown: Mapping[str, str]
    original: Mapping[str, str]
    _root: _Place = field(repr=False)

    def to_shown(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return arguments with the keys that are shown, whichever of the two the caller used.

        Raises:
            InvalidInput: One is given under both keys, or they are nested too deeply.
        """
        return self._renamed(arguments, self.shown)

    def to_original(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return arguments that have the shown keys with the original ones.

        Raises:
            InvalidInput: They are nested too deeply.
        """
        return self._renamed(arguments, self.original)

    def fault(self, fault: InvalidInput) -> InvalidInput:
        """Return a fault that points to original keys as one that points to the keys that are shown."""
        return InvalidInput([self._violation(each) for each in fault.violations])

    def _violation(self, violation: Violation) -> Violation:
        first, *rest = violation.pointer.split("/")
        tokens = [each.replace("~1", "/").replace("~0", "~") for each in rest]
        shown = json_pointer([self.shown.get(each, each) for each in tokens])
        return replace(violation, pointer=first + shown)

    def _renamed(self, arguments: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
        try:
            renamed: dict[str, Any] = self._walk(arguments, self._root, names, ())
        except RecursionError:
            raise InvalidInput([Violation("", "is nested too deeply")]) from None
        return renamed

    def _walk(
        self, value: Any, place: _Place | None, names: Mapping[str, str], path: Sequence[str | int]
    ) -> Any:
        if place is None:
            return value
        if isinstance(value, list):
            if place.items is None:
                return value
            return [self._walk(each, place.items, names, (*path, at)) for at, each in enumerate(value)]
        if not isinstance(value, dict):
            return value
        renamed: dict[str, Any] = {}
        for key, member in value.items():
            original = self.original.get(key, key)
            is_declared = original in place.members
            name = names.get(key, key) if is_declared else key
            inner = place.members[original] if is_declared else place.others
            if name in renamed:
                raise InvalidInput(
                    [Violation(json_pointer([*path, name]), f"is given twice: it is also `{original}`")]
                )
            renamed[name] = self._walk(member, inner, names, (*path, name))
        return renamed


def shown_schema(schema: Schema) -> tuple[Schema, PropertyKeys | None]:
    """Return a schema of arguments as clients are shown it, and its keys where some had to change.

    Arrays have ``items`` at every level, without which OpenAI and Gemini refuse them.
    """
    names = dict.fromkeys(name for each in _all(schema) for name in each.get("properties", ()))
    shown: dict[str, str] = {}
    for name in names:
        if not _TAKEN.match(name):
            shown[name] = _free(_spelled(name), names.keys() | {*shown.values()})
    rewritten: Schema = _rewritten(schema, shown)
    if not shown:
        return rewritten, None
    root = _place([schema], schema, {})
    return rewritten, PropertyKeys(shown, {value: key for key, value in shown.items()}, root)


def without_refused_keys(schema: Schema) -> Schema:
    """Return a schema of answers without the properties whose keys some client refuses.

    Answers are given as they are: nothing more is promised of these members.
    """
    if all(_TAKEN.match(name) for each in _all(schema) for name in each.get("properties", ())):
        return schema
    kept: Schema = _kept(schema)
    return kept


def _kept(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_kept(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _kept(value) if key in (*_ONE, *_LISTS) else value for key, value in schema.items()}
    for keyword in _MAPS:
        if isinstance(kept.get(keyword), dict):
            kept[keyword] = {
                name: _kept(each)
                for name, each in kept[keyword].items()
                if keyword != "properties" or _TAKEN.match(name)
            }
    return kept


def _spelled(name: str) -> str:
    """Return a key that clients take, as close to the original one as can be."""
    for mark, word in _SPELLED:
        if name.endswith(mark):
            name = name.removesuffix(mark) + word
            break
    spelled = _REFUSED.sub("_", name).strip("_") or f"field_{digest_of(name)}"
    if not (spelled[0].isalpha() or spelled[0] == "_"):
        spelled = f"_{spelled}"
    if len(spelled) > _MAX_LENGTH:
        digest = digest_of(name)
        spelled = f"{spelled[: _MAX_LENGTH - len(digest) - 1]}_{digest}"
    return spelled


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 2
    while free in taken:
        suffix = f"_{number}"
        free = f"{name[: _MAX_LENGTH - len(suffix)]}{suffix}"
        number += 1
    return free


def _all(schema: Any) -> Iterator[Schema]:
    """Return a schema and all schemas in it."""
    if not isinstance(schema, dict):
        return
    yield schema
    for keyword in _ONE:
        if keyword in schema:
            yield from _all(schema[keyword])
    for keyword in _LISTS:
        if isinstance(schema.get(keyword), list):
            for each in schema[keyword]:
                yield from _all(each)
    for keyword in _MAPS:
        if isinstance(schema.get(keyword), dict):
            for each in schema[keyword].values():
                yield from _all(each)


def _rewritten(schema: Any, shown: Mapping[str, str]) -> Any:
    """Return a schema with the keys that are shown, and ``items`` for every array; itself where that is no other."""
    if not isinstance(schema, dict):
        return schema
    changed: Schema = {}
    for keyword in _ONE:
        if keyword in schema:
            changed[keyword] = _rewritten(schema[keyword], shown)
    for keyword in _LISTS:
        if isinstance(schema.get(keyword), list):
            changed[keyword] = [_rewritten(each, shown) for each in schema[keyword]]
    for keyword in _MAPS:
        if isinstance(schema.get(keyword), dict):
            changed[keyword] = {name: _rewritten(each, shown) for name, each in schema[keyword].items()}
    if shown:
        changed |= _with_shown_keys(schema | changed, shown)
    if _is_array(schema) and "items" not in schema and "prefixItems" not in schema:
        changed["items"] = {}
    return schema | changed if any(schema.get(key) != value for key, value in changed.items()) else schema


def _with_shown_keys(schema: Schema, shown: Mapping[str, str]) -> Schema:
    changed: Schema = {}
    if isinstance(schema.get("properties"), dict):
        changed["properties"] = {
            shown.get(name, name): _noted(each, name) if name in shown else each
            for name, each in schema["properties"].items()
        }
    if isinstance(schema.get("required"), list):
        changed["required"] = [shown.get(name, name) for name in schema["required"]]
    for keyword in ("dependentRequired", "dependentSchemas"):
        if isinstance(schema.get(keyword), dict):
            changed[keyword] = {
                shown.get(name, name): [shown.get(it, it) for it in each] if isinstance(each, list) else each
                for name, each in schema[keyword].items()
            }
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/"):
        changed["$ref"] = _reference(reference, shown)
    return changed


def _reference(reference: str, shown: Mapping[str, str]) -> str:
    """Return a reference into the same schema that goes by the keys that are shown."""
    tokens = [each.replace("~1", "/").replace("~0", "~") for each in reference.split("/")[1:]]
    before = ["", *tokens]
    return "#" + json_pointer(
        [
            shown.get(token, token) if last == "properties" else token
            for last, token in zip(before, tokens, strict=False)
        ]
    )


def _noted(schema: Any, name: str) -> Any:
    """Return the schema of a property whose key has changed, with the original one in its description."""
    if not isinstance(schema, dict):
        return schema
    text = schema.get("description", "")
    gap = "" if not text else " " if text.rstrip().endswith((".", "!", "?")) else ". "
    return schema | {"description": f"{text.rstrip()}{gap}Sent as `{name}`."}


def _is_array(schema: Schema) -> bool:
    kind = schema.get("type")
    return kind == "array" or (isinstance(kind, list) and "array" in kind)


def _place(schemas: Sequence[Any], root: Schema, known: dict[tuple[int, ...], _Place]) -> _Place:
    """Return the place that several schemas describe together; one that holds itself is made once."""
    here = [each for schema in schemas for each in _at_once(schema, root, set())]
    identity = tuple(sorted({id(each) for each in here}))
    if identity in known:
        return known[identity]
    known[identity] = place = _Place()
    members: dict[str, list[Any]] = {}
    items: list[Any] = []
    others: list[Any] = []
    for schema in here:
        for name, each in schema.get("properties", {}).items():
            members.setdefault(name, []).append(each)
        items += [schema["items"]] if "items" in schema else []
        items += schema.get("prefixItems", [])
        others += [schema["additionalProperties"]] if "additionalProperties" in schema else []
    place.members = {name: _place(each, root, known) for name, each in members.items()}
    place.items = _place(items, root, known) if items else None
    place.others = _place(others, root, known) if others else None
    return place


def _at_once(schema: Any, root: Schema, seen: set[int]) -> Iterator[Schema]:
    """Return a schema and those that speak of the same value."""
    if not isinstance(schema, dict) or id(schema) in seen:
        return
    seen.add(id(schema))
    yield schema
    for keyword in _SAME_PLACE:
        for each in schema.get(keyword, ()):
            yield from _at_once(each, root, seen)
    for keyword in _SAME_PLACE_TOO:
        yield from _at_once(schema.get(keyword), root, seen)
    for each in schema.get("dependentSchemas", {}).values():
        yield from _at_once(each, root, seen)
    if "$ref" in schema:
        yield from _at_once(target_of(schema["$ref"], root), root, seen)


def target_of(reference: str, root: Schema) -> Any:
    """Return what a reference into the same schema means; None where it is written as an anchor that is not there."""
    if reference == "#":
        return root
    if not reference.startswith("#/"):
        anchor = reference.removeprefix("#")
        return next((each for each in _all(root) if each.get("$anchor") == anchor), None)
    found: Any = root
    for token in reference.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and is_index(name, found):
            found = found[int(name)]
        elif isinstance(found, dict):
            found = found.get(name)
        else:
            return None
    return found
