"""Comparison of JSON values (RFC 9535, section 2.3.5.2.2): ``1`` equals ``1.0``, but not ``"1"`` or ``true``."""

from __future__ import annotations

from typing import Any


def is_same(one: Any, other: Any) -> bool:
    """Return whether two values are equal, including their types, at any depth."""
    pairs = [(one, other)]
    while pairs:
        one, other = pairs.pop()
        if isinstance(one, bool) or isinstance(other, bool):
            if one is not other:
                return False
        elif isinstance(one, dict):
            if not isinstance(other, dict) or one.keys() != other.keys():
                return False
            pairs.extend((member, other[name]) for name, member in one.items())
        elif isinstance(one, list):
            if not isinstance(other, list) or len(one) != len(other):
                return False
            pairs.extend(zip(one, other, strict=True))
        elif one != other:
            return False
    return True


def is_less(one: Any, other: Any) -> bool:
    """Return whether one value is less than another: only two numbers or two strings are ordered."""
    if isinstance(one, str):
        return isinstance(other, str) and one < other
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    return isinstance(one, int | float) and isinstance(other, int | float) and one < other


def equality_key(value: Any) -> Any:
    """Return a hashable key that is equal for equal values only."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, dict):
        return ("object", frozenset((key, equality_key(member)) for key, member in value.items()))
    if isinstance(value, list):
        return ("array", tuple(equality_key(member) for member in value))
    return value
