"""Validation of a caller's inputs against their schema, and conversion of text to typed values.

Violations are described so that a person or a model can act on them, without values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, Final

import jsonschema_rs

from naftiko_run import _json
from naftiko_run.diagnostics import closest_name, json_pointer
from naftiko_run.errors import InvalidInput, Violation
from naftiko_run.expressions import IntegerConversion, PrecisionError, compile_integer_conversion
from naftiko_run.invoke.inputs import Input, input_schema
from naftiko_run.invoke.schemas import compile_schema, takes_null, type_of

Path = tuple[str | int, ...]
"""The names and indexes of the path to a member."""


class InputValidator:
    """Validates input maps.

    Args:
        inputs: The function's inputs.
        schema: Their JSON Schema; None to build it from the inputs.

    Raises:
        ValueError: The document declares an invalid schema.
    """

    __slots__ = ("_defaults", "_integers", "_optional", "_validator", "schema")

    def __init__(self, inputs: Sequence[Input], schema: dict[str, Any] | None = None) -> None:
        self.schema = input_schema(inputs) if schema is None else schema
        self._optional = frozenset(
            each.name
            for each in inputs
            if not each.required and not takes_null(each.schema, or_untyped=each.fills_json)
        )
        self._defaults = tuple(
            (each.name, each.schema["default"]) for each in inputs if "default" in each.schema
        )
        self._integers = tuple(
            (name, made)
            for name, member in _properties(self.schema)
            if (made := compile_integer_conversion(member)) is not None
        )
        if self.schema.get("type") != "object":
            raise ValueError("its inputs are not a valid schema: the `type` must be `object`")
        try:
            self._validator = compile_schema(self.schema)
        except ValueError as fault:
            raise ValueError(f"its inputs are not a valid schema: {fault}") from None

    def check(self, values: Mapping[str, Any], *, keep_nulls: bool = False) -> dict[str, Any]:
        """Validate an input map.

        Args:
            values: The caller's inputs; null for an optional input that is not nullable counts as absent, also
                for such members of objects.
            keep_nulls: Return such nulls anyway, unchecked, because the caller wrote them into a body.

        Returns:
            The inputs with defaults, and integral floats converted where the schema says integer.

        Raises:
            InvalidInput: With all violations.
        """
        kept = dict(values)
        nulls: dict[str, None] = {}
        if None in kept.values():
            nulls = {name: None for name, it in kept.items() if it is None and name in self._optional}
            kept = {name: it for name, it in kept.items() if name not in nulls}
        for name, default in self._defaults:
            if not (keep_nulls and name in nulls):
                kept.setdefault(name, default)
        try:
            if not self._validator.is_valid(kept):
                absent = self._absent_members(kept, values)
                if not keep_nulls:
                    kept = {name: _without(it, name, absent) for name, it in kept.items()}
        except UnicodeEncodeError:  # a header that is not UTF-8, and must match a pattern
            raise InvalidInput([Violation("", "contains text that is not UTF-8")]) from None
        except ValueError:  # raised without details for values with too many levels
            raise InvalidInput([Violation("", "is nested too deeply")]) from None
        for name, integers in self._integers:
            if name in kept:
                kept[name] = _exact(name, integers, kept[name])
        return kept | nulls if keep_nulls and nulls else kept

    def _absent_members(self, checked: Mapping[str, Any], values: Mapping[str, Any]) -> list[Path]:
        """Return the paths of nulls that count as absent in invalid inputs.

        Raises:
            InvalidInput: There are other violations.
        """
        errors: list[jsonschema_rs.ValidationError] = []
        absent: list[Path] = []
        for error in self._validator.iter_errors(checked):
            if _is_absent_member(error, self.schema):
                absent.append(tuple(error.instance_path))
            else:
                errors.append(error)
        if errors:
            raise InvalidInput(violations_of(iter(errors), self.schema, values))
        return absent


def _without(value: Any, name: str, absent: Iterable[Path]) -> Any:
    """Return the value of an input without the members at some paths."""
    places = [path[1:] for path in absent if path[0] == name]
    return _without_members(value, places) if places else value


def _is_absent_member(error: jsonschema_rs.ValidationError, schema: Mapping[str, Any]) -> bool:
    """Return whether an error is only about null for an optional member of an object in an input.

    Args:
        error: The validation error.
        schema: The schema of the input map.
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


def _without_members(value: Any, places: Sequence[Path]) -> Any:
    """Return a value without the members at some paths; values that are not on a path are not copied."""
    inner: dict[str | int, list[Path]] = {}
    for first, *rest in places:
        inner.setdefault(first, []).append(tuple(rest))
    if isinstance(value, list):
        return [_without_members(each, inner[at]) if at in inner else each for at, each in enumerate(value)]
    return {
        name: _without_members(member, inner[name]) if name in inner else member
        for name, member in value.items()
        if () not in inner.get(name, ())
    }


def _properties(schema: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    properties = schema.get("properties")
    members = properties.items() if isinstance(properties, dict) else ()
    return [(name, member) for name, member in members if isinstance(member, dict)]


def _exact(name: str, integers: IntegerConversion, value: Any) -> Any:
    try:
        return integers(value)
    except PrecisionError as fault:
        raise InvalidInput([Violation(json_pointer([name]), str(fault))]) from None


Coercion = Callable[[Sequence[str]], Any]
"""Converts the texts of an input in a URL or header to its value."""


def compile_coercion(declared: Input, delimiter: str = "") -> Coercion:
    """Return the conversion from text to an input's type; inputs of one type share it.

    Text that cannot be converted is returned as it is, so that validation reports it.

    Args:
        declared: The input.
        delimiter: The delimiter of array elements in one text; empty if each element is a text of its own.
    """
    if declared.type != "array":
        return _coercion(declared.type)
    items = declared.schema.get("items", {})
    kind = str(items.get("type", "")) if isinstance(items, dict) else ""
    return _coercion_of_list(kind, delimiter)


def compile_text_coercion(schema: Mapping[str, Any]) -> Callable[[str], Any]:
    """Return the conversion from one text to the type of a schema; an array or object is JSON."""
    return partial(_scalar, type_of(schema))


@lru_cache
def _coercion(kind: str) -> Coercion:
    def coerce(texts: Sequence[str]) -> Any:
        if len(texts) > 1:
            return list(texts) if not kind else texts
        return _scalar(kind, texts[0])

    return coerce


@lru_cache
def _coercion_of_list(kind: str, delimiter: str) -> Coercion:
    if not delimiter:
        return lambda texts: [_scalar(kind, text) for text in texts]
    return lambda texts: [
        _scalar(kind, element.strip(" ")) for text in texts for element in text.split(delimiter) if text
    ]


def _scalar(kind: str, text: str) -> Any:
    if kind == "number":
        number = _json.parse_number(text)
        return text if number is None else number
    if kind == "integer":
        return _integer(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind in ("object", "array") and text[:1] in ("{", "["):
        try:
            return _json.loads_repaired(_json.encode(text))[0]
        except ValueError:
            return text
    return text


def _integer(text: str) -> int | str:
    """Parse an integer exactly, also written as ``5.0`` or ``1e3``; return the text if it is not an integer."""
    number = _json.parse_number(text)
    if isinstance(number, float):
        written = Decimal(text)
        return int(written) if written == written.to_integral_value() else text
    return text if number is None else number


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
        close = "" if path else closest_name(kind.property, unknown)
        meant = f"; did you mistype it as `{close}`?" if close else ""
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
    close = closest_name(name, known)
    if close:
        return f"is not known; did you mean `{close}`?"
    names = ", ".join(f"`{each}`" for each in known[:_MAX_LISTED])
    return f"is not known; expected one of: {names}" if known else "is not known"


def name_of(value: Any) -> str:
    """Return the type of a value, for messages."""
    return "null" if value is None else _NAMES.get(type(value), type(value).__name__)
