"""Check a document against the strict schema of its specification line, and explain the violations: one for each thing to fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Final

from jsonschema_rs import Draft202012Validator, ValidationError
from jsonschema_rs import ValidationErrorKind as Kind

from naftiko_run.diagnostics import Pointer
from naftiko_run.document.strict.schema import JsonSchema, strict_schema
from naftiko_run.spec.document import VERSIONS
from naftiko_run.spec.schema_types import SpecLine

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
"""Keys with one meaning, in the specification lines and in loosely written documents."""

_MAX_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class SchemaViolation:
    """One place where a document violates the official schema.

    Attributes:
        pointer: The keys and indexes that lead to the place.
        message: What is wrong.
        hint: How to fix it; empty where the message says so.
        about_key: Whether the last key is wrong, not its value.
    """

    pointer: Pointer
    message: str
    hint: str = ""
    about_key: bool = field(default=False, compare=False)


def explain(errors: Iterable[ValidationError], rules: JsonSchema) -> list[SchemaViolation]:
    """Convert the errors of a validator into violations.

    Args:
        errors: The errors.
        rules: The schema of the document, which the errors refer to.
    """
    found = (finding for error in errors for finding in _findings(error, rules))
    return list(dict.fromkeys(found))


def _findings(error: ValidationError, rules: JsonSchema) -> Iterator[SchemaViolation]:
    at = tuple(error.instance_path)
    rule = _rule_at(error.schema_path[:-1], rules)
    match error.kind:
        case Kind.AnyOf(branches) | Kind.OneOfNotValid(branches):
            intended = _intended_branch(branches, error.schema_path)
            if not intended:
                yield SchemaViolation(at, rule["description"])
            for inner in intended:
                yield from _findings(inner, rules)
        case Kind.Not() | Kind.OneOfMultipleValid():
            yield SchemaViolation(at, rule["description"])
        case Kind.AdditionalProperties(unexpected):
            known = tuple(rule["properties"])
            for key in unexpected:
                message = f"`{key}` is not a key of {rule['title']}"
                yield SchemaViolation((*at, key), message, _known_key(key, known), about_key=True)
        case Kind.PropertyNames(inner):
            key, names = str(inner.instance), _rule_at(inner.schema_path[:-1], rules)
            hint = f"write {names['description']}"
            yield SchemaViolation((*at, key), f"`{key}` cannot be a key here", hint, about_key=True)
        case Kind.Required(key):
            yield SchemaViolation(at, f"{rule['title']} needs `{key}`", _choices(rule, key))
        case _:
            yield _about_value(error, at, rule)


def _rule_at(place: list[str | int], rules: JsonSchema) -> Any:
    rule: Any = rules
    for part in place:
        rule = rule[part]
    return rule


def _intended_branch(branches: list[list[ValidationError]], place: list[str | int]) -> list[ValidationError]:
    """Return the errors of the first branch whose required keys are all present; empty where there is none."""
    for index, errors in enumerate(branches):
        opening = [*place, index, "required"]
        if all(error.schema_path != opening for error in errors):
            return errors
    return []


def _about_value(error: ValidationError, at: Pointer, rule: JsonSchema) -> SchemaViolation:
    """Return the violation of a single value."""
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
        case _:  # the minimum length or number of items, which is always one
            says = "must not be empty"
    return SchemaViolation(at, f"{_name(at)} {says}", hint)


def _name(at: Pointer) -> str:
    """Return what to call a place: its last key, or the item of a list."""
    keys = [part for part in at if isinstance(part, str)]
    if not keys:
        return "the document"
    index = at[-1]
    return f"`{keys[-1]}`" if isinstance(index, str) else f"item {index + 1} of `{keys[-1]}`"


def _kind(value: Any) -> str:
    """Return the type of a value in words."""
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
    """Return a value in backticks, truncated where it is long."""
    text = _kind(value) if isinstance(value, dict | list | bool | None) else str(value)
    return f"`{text}`" if len(text) <= _MAX_SHOWN else f"`{text[:_MAX_SHOWN]}…`"


def _type_hint(value: Any, types: list[str], rule: JsonSchema) -> str:
    if "string" in types and isinstance(value, bool | int | float):
        return "put it in quotes"
    if isinstance(value, str) and not {"string", "array", "object"} & set(types):
        return "write it without quotes"
    return rule.get("description", "") if {"array", "object"} & set(types) else ""


def _choices(rule: JsonSchema, key: str) -> str:
    """Return the allowed words of a missing key; empty where it is no enumeration."""
    options = rule.get("properties", {}).get(key, {}).get("enum")
    return _one_of(options) if options else ""


def _one_of(options: list[Any]) -> str:
    return f"write one of {', '.join(options)}" if len(options) > 1 else f"write `{options[0]}`"


@lru_cache(maxsize=4096)
def _known_key(key: str, known: tuple[str, ...]) -> str:
    """Return a hint about an unknown key: the closest known key, or all of them."""
    same = (other for group in _SAME_THING if key in group for other in known if other in group)
    close = next(same, None) or next(iter(difflib.get_close_matches(key, known, n=1)), None)
    if close:
        return f"did you mean `{close}`?"
    return f"its keys are {', '.join(known)}"


_LINES: Final[tuple[SpecLine, ...]] = ("naftiko", "ikanos")
_FIRST_LINE: Final = "begin with " + " or ".join(f"`{line}: {VERSIONS[line][0]}`" for line in _LINES)


def check_strict(data: Any) -> list[SchemaViolation]:
    """Check that a document conforms to the official JSON Schema of its specification's line.

    The root key, ``naftiko`` or ``ikanos``, determines the line. Of each line one
    version is supported; a document of another version does not conform.

    Args:
        data: Parsed YAML: maps with text keys, lists, text, finite numbers, booleans and None.

    Returns:
        The violations; empty where the document conforms.
    """
    if not isinstance(data, dict):
        return [SchemaViolation((), "the document is not a map of keys and values", _FIRST_LINE)]
    line = next((key for key in _LINES if key in data), None)
    if line is None:
        return [SchemaViolation((), "the document does not declare its specification version", _FIRST_LINE)]
    schema, validator = _compiled(line)
    return explain(validator.iter_errors(data), schema)


@cache
def _compiled(line: SpecLine) -> tuple[JsonSchema, Draft202012Validator]:
    schema = strict_schema(line)
    return schema, Draft202012Validator(schema)
