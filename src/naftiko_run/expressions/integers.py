"""Conversion of integral floats to integers: ``5.0`` and ``1e3`` are ``5`` and ``1000``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

IntegerConversion = Callable[[Any], Any]
"""Returns a value with its integral floats converted to integers; the same object if there are none."""

_EXACT: Final = 2**53
"""The integers below this are exact as floats."""
_EXACT_DIGITS: Final = 15
"""Decimal digits that every float preserves."""


class PrecisionError(ValueError):
    """A float is too large to know which integer it was written as."""

    def __init__(self) -> None:
        super().__init__(
            "is an integer too large to be written with a fraction or an exponent: digits are lost"
        )


def compile_integer_conversion(schema: Mapping[str, Any]) -> IntegerConversion | None:
    """Compile the conversion of integral floats wherever a schema says ``integer``.

    Args:
        schema: JSON Schema of the value.

    Returns:
        The conversion, which raises ``PrecisionError`` for floats that are not exact; None if no member is an integer.
    """
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if (
        not {"integer", "int"}.isdisjoint(each for each in kinds if isinstance(each, str))
        and "number" not in kinds
    ):
        return _integer
    found = [
        *_of_members(schema),
        *_of_elements(schema),
        *(
            each
            for keyword in ("allOf", "anyOf", "oneOf")
            for way in _schemas(schema.get(keyword))
            if (each := compile_integer_conversion(way)) is not None
        ),
    ]
    if len(found) > 1:
        return lambda value: _in_turn(found, value)
    return found[0] if found else None


def _integer(value: Any) -> Any:
    if type(value) is not float or not value.is_integer():
        return value
    if abs(value) < _EXACT:
        return int(value)
    written = Decimal(repr(value)).normalize()
    if len(written.as_tuple().digits) > _EXACT_DIGITS:
        raise PrecisionError
    return int(written)


def _of_members(schema: Mapping[str, Any]) -> list[IntegerConversion]:
    properties = schema.get("properties")
    members = {
        name: made
        for name, member in (properties.items() if isinstance(properties, dict) else ())
        if isinstance(member, dict) and (made := compile_integer_conversion(member)) is not None
    }
    others = schema.get("additionalProperties")
    other = compile_integer_conversion(others) if isinstance(others, dict) else None
    if not members and other is None:
        return []
    known = frozenset(properties) if isinstance(properties, dict) else frozenset()

    def apply(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        changed = {}
        for name, member in value.items():
            made = members.get(name) if name in known else other
            if made is not None and (new := made(member)) is not member:
                changed[name] = new
        return {**value, **changed} if changed else value

    return [apply]


def _of_elements(schema: Mapping[str, Any]) -> list[IntegerConversion]:
    items = schema.get("items")
    made = compile_integer_conversion(items) if isinstance(items, dict) else None
    if made is None:
        return []
    element = made

    def apply(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        changed = [element(each) for each in value]
        return value if all(new is old for new, old in zip(changed, value, strict=True)) else changed

    return [apply]


def _schemas(written: Any) -> list[Mapping[str, Any]]:
    return [each for each in written if isinstance(each, dict)] if isinstance(written, list) else []


def _in_turn(each: list[IntegerConversion], value: Any) -> Any:
    for made in each:
        value = made(value)
    return value
