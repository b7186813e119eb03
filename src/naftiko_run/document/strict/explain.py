"""What a rule that fails says to the author: one finding for each thing to mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from jsonschema_rs import ValidationError
from jsonschema_rs import ValidationErrorKind as Kind

from naftiko_run.diagnostics import Pointer
from naftiko_run.document.strict.schema import JsonSchema

_TYPES: Final = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a map",
}
_SAME_THING: Final = (
    {"label", "display", "title"},
    {"functions", "flows"},
    {"target", "targetName"},
    {"location", "from"},
    {"authentication", "auth"},
    {"placement", "in"},
    {"key", "name"},
    {"mapping", "value"},
)
"""Keys for one thing, in the lines of the specification and in documents that are loosely written."""

_LONGEST_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a document departs from the specification.

    Attributes:
        pointer: The keys and indexes that lead to the place.
        message: What is wrong.
        hint: How to mend it; empty where the message says it all.
        about_key: Whether it is the last key that is wrong, not its value.
    """

    pointer: Pointer
    message: str
    hint: str = ""
    about_key: bool = field(default=False, compare=False)


def explain(errors: Iterable[ValidationError], rules: JsonSchema) -> list[Finding]:
    """Put what a validator found into words.

    Args:
        errors: What it found.
        rules: The rule for the whole document, which the errors point into.
    """
    found = (finding for error in errors for finding in _findings(error, rules))
    return list(dict.fromkeys(found))


def _findings(error: ValidationError, rules: JsonSchema) -> Iterator[Finding]:
    at = tuple(error.instance_path)
    rule = _rule_at(error.schema_path[:-1], rules)
    match error.kind:
        case Kind.AnyOf(branches) | Kind.OneOfNotValid(branches):
            meant = _branch_meant(branches, error.schema_path)
            if not meant:
                yield Finding(at, rule["description"])
            for inner in meant:
                yield from _findings(inner, rules)
        case Kind.Not() | Kind.OneOfMultipleValid():
            yield Finding(at, rule["description"])
        case Kind.AdditionalProperties(unexpected):
            known = tuple(rule["properties"])
            for key in unexpected:
                message = f"`{key}` is not a key of {rule['title']}"
                yield Finding((*at, key), message, _known_key(key, known), about_key=True)
        case Kind.PropertyNames(inner):
            key, names = str(inner.instance), _rule_at(inner.schema_path[:-1], rules)
            hint = f"write {names['description']}"
            yield Finding((*at, key), f"`{key}` cannot be a key here", hint, about_key=True)
        case Kind.Required(key):
            yield Finding(at, f"{rule['title']} needs `{key}`", _choices(rule, key))
        case _:
            yield _about_value(error, at, rule)


def _rule_at(place: list[str | int], rules: JsonSchema) -> Any:
    rule: Any = rules
    for part in place:
        rule = rule[part]
    return rule


def _branch_meant(branches: list[list[ValidationError]], place: list[str | int]) -> list[ValidationError]:
    """Give the errors of the first branch whose opening keys are all there; none where no branch's are."""
    for index, errors in enumerate(branches):
        opening = [*place, index, "required"]
        if all(error.schema_path != opening for error in errors):
            return errors
    return []


def _about_value(error: ValidationError, at: Pointer, rule: JsonSchema) -> Finding:
    """Put into words why a single value does not fit."""
    value, hint = error.instance, ""
    match error.kind:
        case Kind.Type() | Kind.Enum() | Kind.Pattern() if value is None or value == "":
            says = "must not be empty"
        case Kind.Type(types):
            says = f"must be {' or '.join(_TYPES[kind] for kind in types)}, not {_kind(value)}"
            hint = _type_hint(value, types, rule)
        case Kind.Enum(options):
            says, hint = f"cannot be {_shown(value)}", _one_of(options)
        case Kind.Constant(expected):
            says, hint = f"is {_shown(value)}, and {rule['description']}", f"write `{at[-1]}: {expected}`"
        case Kind.Pattern():
            says, hint = f"cannot be {_shown(value)}", f"write {rule['description']}"
        case Kind.Minimum() | Kind.Maximum():
            most = f" and at most {rule['maximum']}" if "maximum" in rule else ""
            says = f"must be at least {rule['minimum']}{most}, not {value}"
        case Kind.MaxLength(limit):
            says = f"must be at most {limit} characters long, not {len(str(value))}"
        case _:  # the least length or number of items, which is always one
            says = "must not be empty"
    return Finding(at, f"{_name(at)} {says}", hint)


def _name(at: Pointer) -> str:
    """Name the place that a pointer leads to, by its last key."""
    keys = [part for part in at if isinstance(part, str)]
    if not keys:
        return "the document"
    index = at[-1]
    return f"`{keys[-1]}`" if isinstance(index, str) else f"item {index + 1} of `{keys[-1]}`"


def _kind(value: Any) -> str:
    """Say in words what a value is."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a map"


def _shown(value: Any) -> str:
    """Quote a value, shortened where it is long."""
    text = _kind(value) if isinstance(value, dict | list | bool | None) else str(value)
    return f"`{text}`" if len(text) <= _LONGEST_SHOWN else f"`{text[:_LONGEST_SHOWN]}…`"


def _type_hint(value: Any, types: list[str], rule: JsonSchema) -> str:
    if "string" in types and isinstance(value, bool | int | float):
        return "put it in quotes"
    if isinstance(value, str) and not {"string", "array", "object"} & set(types):
        return "write it without quotes"
    return rule.get("description", "") if {"array", "object"} & set(types) else ""


def _choices(rule: JsonSchema, key: str) -> str:
    """Say which words a missing key can hold, where they are few."""
    options = rule.get("properties", {}).get(key, {}).get("enum")
    return _one_of(options) if options else ""


def _one_of(options: list[Any]) -> str:
    return f"write one of {', '.join(options)}" if len(options) > 1 else f"write `{options[0]}`"


@lru_cache(maxsize=4096)
def _known_key(key: str, known: tuple[str, ...]) -> str:
    """Suggest the key that was meant by one that is not known."""
    same = (other for group in _SAME_THING if key in group for other in known if other in group)
    close = next(same, None) or next(iter(difflib.get_close_matches(key, known, n=1)), None)
    if close:
        return f"did you mean `{close}`?"
    return f"its keys are {', '.join(known)}"
