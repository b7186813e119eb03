"""JSON text in and out: orjson's speed without its losses.

orjson turns integers beyond 64 bits into floats and refuses to write them;
identifiers of that size exist, so the standard library reads those texts once
orjson, the stricter of the two, has found them to be JSON.
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any

import orjson

_DEEPEST = 254
"""How many levels orjson writes."""

_LONG_INTEGER = b"0" * 19
_EVERY = 6
_DIGITS_OF_EVERY = b"0" * (len(_LONG_INTEGER) // _EVERY)
"""What a long integer leaves at least, in a row, where only every so many bytes are looked at."""

_DIGITS_TO_ZEROS = bytes(
    ord("0") if chr(byte).isascii() and chr(byte).isdigit() else 0 for byte in range(256)
)
"""Makes a search for digits one for a fixed text, which is ten times faster than a regular expression."""

_INTEGER = re.compile(r"[-+]?[0-9]{1,4000}\Z")
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,4})?\Z")


def loads(text: bytes) -> Any:
    """Parse strict JSON (RFC 8259, UTF-8).

    Raises:
        ValueError: Not JSON; the message says where.
    """
    value = orjson.loads(text)
    # A look at every sixth byte clears most texts, at a third of the cost. `find`, because `in` tries the bytes as an
    # integer first, which costs as much as the search of a short text.
    if text[::_EVERY].translate(_DIGITS_TO_ZEROS).find(_DIGITS_OF_EVERY) < 0:
        return value
    if text.translate(_DIGITS_TO_ZEROS).find(_LONG_INTEGER) < 0:
        return value
    try:
        return json.loads(text)  # orjson has said that it is strict JSON
    except RecursionError:
        raise ValueError("nested too deeply") from None


def dumps(value: Any, *, indent: bool = False) -> bytes:
    """Write JSON: compact, or with two spaces of indentation.

    Raises:
        TypeError: The value holds something that JSON has no form for.
        ValueError: It is nested too deeply, or holds text that is not Unicode.
    """
    try:
        return orjson.dumps(value, None, orjson.OPT_INDENT_2) if indent else orjson.dumps(value)
    except TypeError:
        separators = None if indent else (",", ":")
        try:
            written = json.dumps(
                value,
                ensure_ascii=False,
                indent=2 if indent else None,
                separators=separators,
                allow_nan=False,
            )
        except RecursionError:
            raise ValueError("nested too deeply") from None
        return written.encode()


def dumps_within(value: Any, levels: int) -> bytes | None:
    """Write compact JSON, or nothing where the value is nested more than so many levels deep.

    orjson counts levels as it writes, up to its own limit; lists around the value make up the difference.

    Args:
        value: What to write.
        levels: At most orjson's limit.

    Raises:
        TypeError: The value holds something that JSON has no form for.
        ValueError: It holds text that is not Unicode.
    """
    spare = _DEEPEST - levels
    try:
        written = orjson.dumps(value)
        if not may_be_deeper(written, levels):
            return written
        wrapped = value
        for _ in range(spare):
            wrapped = [wrapped]
        written = orjson.dumps(wrapped)
    except TypeError:
        return None if _is_deeper(value, levels) else dumps(value)
    return written[spare : len(written) - spare]


def may_be_deeper(text: bytes, levels: int) -> bool:
    """Whether a JSON text is long enough, and has brackets enough, to be nested more than so many levels deep.

    ``replace`` leaps from bracket to bracket, where ``count`` compares every byte.
    """
    if len(text) <= 2 * levels:
        return False
    return len(text) - len(text.replace(b"{", b"").replace(b"[", b"")) > levels


def _is_deeper(value: Any, levels: int) -> bool:
    containers = [value] if isinstance(value, dict | list) else []
    while containers and levels:
        levels -= 1
        members = [
            member for each in containers for member in (each.values() if isinstance(each, dict) else each)
        ]
        containers = [member for member in members if isinstance(member, dict | list)]
    return bool(containers)


def number(text: str, *, exact: bool = False) -> int | float | None:
    """Give the number that a text writes; None where it writes none that JSON can carry.

    Args:
        text: Decimal digits, with or without sign, point and exponent.
        exact: Give None also where a float would lose digits.
    """
    if _INTEGER.match(text):
        return int(text)
    if not _NUMBER.match(text):
        return None
    value = float(text)
    if not math.isfinite(value) or (exact and Decimal(text) != Decimal(repr(value))):
        return None
    return value
