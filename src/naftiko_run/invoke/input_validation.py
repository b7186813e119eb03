"""Validation of a caller's inputs against their schema, and conversion of text to typed values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from naftiko_run import _json
from naftiko_run.diagnostics import json_pointer
from naftiko_run.errors import InvalidInput, Violation
from naftiko_run.expressions import IntegerConversion, PrecisionError, compile_integer_conversion
from naftiko_run.invoke.inputs import Input, input_schema
from naftiko_run.invoke.schemas import compile_schema, takes_null, type_of
from naftiko_run.invoke.violations import find_violations, remove_absent_members


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
            InvalidInput: With the first violations.
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
                without_nulls = remove_absent_members(kept, self.schema)
                if without_nulls is kept or not self._validator.is_valid(without_nulls):
                    raise InvalidInput(find_violations(without_nulls, self.schema, values))
                kept = kept if keep_nulls else without_nulls
        except UnicodeEncodeError:  # a header that is not UTF-8, and must match a pattern
            raise InvalidInput([Violation("", "contains text that is not UTF-8")]) from None
        except ValueError:  # raised without details for values with too many levels
            raise InvalidInput([Violation("", "is nested too deeply")]) from None
        for name, integers in self._integers:
            if name in kept:
                kept[name] = _exact(name, integers, kept[name])
        return kept | nulls if keep_nulls and nulls else kept


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
