"""JSON parsing and writing with orjson, without loss of precision.

orjson parses integers beyond 64 bits as floats and does not write them.
Identifiers of that size exist, so the standard library parses such texts
after orjson, the stricter of the two, has accepted them.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import orjson

from naftiko_run._json_incremental import parse_incrementally, write_incrementally

LARGE_TEXT: Final = 256 * 1024
"""Texts longer than this, in bytes, are parsed incrementally, so that other threads can run."""

_MAX_ORJSON_DEPTH = 254
"""How many levels orjson can write."""

_MAX_WRITTEN_DEPTH: Final = 2048
"""How many levels can be written: more than can be parsed."""

_LONG_INTEGER_DIGITS = b"0" * 19
_SAMPLE_STEP = 6
_SAMPLED_DIGITS = b"0" * (len(_LONG_INTEGER_DIGITS) // _SAMPLE_STEP)
"""The minimum run of digits that a long integer leaves when only every n-th byte is sampled."""

_DIGITS_TO_ZEROS = bytes(
    ord("0") if chr(byte).isascii() and chr(byte).isdigit() else 0 for byte in range(256)
)
"""Maps all digits to zero, so that a search for digits is a substring search: ten times faster than a regular expression."""

_INTEGER = re.compile(r"[-+]?[0-9]{1,4000}\Z")
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,4})?\Z")


_CONTAINERS = (dict, list)

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_ESCAPES_IN_STEP: Final = re.compile(
    rb"(?:[^\\]++"
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|\\.(?=.{10})"  # not where the rest of such a pair may follow
    rb")*+",
    re.DOTALL,
)
"""A part of a text that ends between two escapes."""
_SURROGATES = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


class InvalidUnicode(ValueError):
    """A text with lone surrogates, or with bytes that are invalid in its encoding.

    Args:
        repaired: The text in UTF-8, with U+FFFD in their place.
        message: What is wrong.
    """

    def __init__(self, repaired: bytes, message: str = "it contains text that is not Unicode") -> None:
        super().__init__(message)
        self.repaired = repaired


def loads(text: bytes) -> Any:
    """Parse strict JSON (RFC 8259, UTF-8).

    Raises:
        InvalidUnicode: The text may be JSON after invalid Unicode is replaced.
        ValueError: The text is not JSON; the message says where.
    """
    if len(text) > LARGE_TEXT:
        _check_unicode(text)
        return parse_incrementally(text, _loads)
    return _loads(text)


def _loads(text: bytes) -> Any:
    try:
        value = orjson.loads(text)
    except ValueError:
        _check_unicode(text)
        raise
    # Sampling every sixth byte rules out most texts at a third of the cost. `find` and not `in`, because `in` first tries
    # the bytes as an integer, which costs as much as the search in a short text.
    if text[::_SAMPLE_STEP].translate(_DIGITS_TO_ZEROS).find(_SAMPLED_DIGITS) < 0:
        return value
    if text.translate(_DIGITS_TO_ZEROS).find(_LONG_INTEGER_DIGITS) < 0:
        return value
    try:
        return json.loads(text)  # orjson has already accepted it as strict JSON
    except RecursionError:
        raise ValueError("nested too deeply") from None


def loads_repaired(text: bytes) -> tuple[Any, bytes]:
    """Parse JSON, replacing invalid Unicode with U+FFFD.

    Returns:
        The value, and the text that was parsed: a different object if something was replaced.

    Raises:
        ValueError: The text is not JSON; the message says where.
    """
    try:
        return _loads(text) if len(text) <= LARGE_TEXT else loads(text), text
    except InvalidUnicode as fault:
        return loads(fault.repaired), fault.repaired


def may_contain_surrogates(text: bytes) -> bool:
    """Return whether JSON may contain escaped surrogates; a fast check that rules out most texts."""
    return text.find(b"\\ud") >= 0 or text.find(b"\\uD") >= 0


def _check_unicode(text: bytes) -> None:
    """Check that a text is UTF-8 without lone surrogates in its escapes.

    Raises:
        InvalidUnicode: It is not.
    """
    repaired = text if _is_utf8(text) else text.decode("utf-8", "replace").encode()
    repaired = replace_lone_surrogates(repaired)
    if repaired != text:
        raise InvalidUnicode(repaired)


def replace_lone_surrogates(text: bytes) -> bytes:
    """Return JSON in UTF-8 with U+FFFD in place of escaped lone surrogates."""
    if _SURROGATE.search(text) is None:
        return text
    parts: list[bytes] = []
    at = 0
    while at < len(text):
        end = _ESCAPES_IN_STEP.match(text, at, at + LARGE_TEXT).end()  # type: ignore[union-attr]  # it always matches
        if end == at:
            end = len(text)
        parts.append(_ESCAPE.sub(_replaced, text[at:end]))
        at = end
    return b"".join(parts)


def _replaced(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape["lone"] else escape[0]


def _is_utf8(text: bytes) -> bool:
    try:
        at = 0
        while at < len(
            text
        ):  # in chunks: one character beyond ASCII can make a decoded text four times as large
            end = at + LARGE_TEXT
            at += codecs.utf_8_decode(text[at:end], "strict", end >= len(text))[1]
    except UnicodeDecodeError:
        return False
    return True


def dumps(value: Any, *, indent: bool = False) -> bytes:
    """Write JSON, compact or with two spaces of indentation. Lone surrogates become U+FFFD.

    Raises:
        TypeError: The value contains something that is not JSON.
        ValueError: The value is nested too deeply.
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
            written = "".join(_pieces(value))
        return encode(written)


def dumps_incrementally(value: Any) -> bytes:
    """Write compact JSON in a thread, so that other threads can run, for values of any size; see ``dumps``."""
    return write_incrementally(value, dumps)


def encode(text: str) -> bytes:
    """Encode a text in UTF-8; lone surrogates become U+FFFD."""
    return _SURROGATES.sub(_REPLACEMENT, text).encode()


class _Written(str):
    """A piece of JSON that is already serialized."""

    __slots__ = ()


def _pieces(value: Any) -> Iterator[str]:
    """Yield the JSON of a value that is nested too deeply for recursion."""
    waiting = [value]
    depth = 0
    while waiting:
        each = waiting.pop()
        if type(each) is _Written:
            depth -= each in ("]", "}")
            yield each
            continue
        if not isinstance(each, dict | list):
            yield json.dumps(each, ensure_ascii=False, allow_nan=False)
            continue
        depth += 1
        if depth > _MAX_WRITTEN_DEPTH:
            raise ValueError("nested too deeply")
        is_object = isinstance(each, dict)
        yield "{" if is_object else "["
        waiting.append(_Written("}" if is_object else "]"))
        members = [*each.items()] if isinstance(each, dict) else [("", member) for member in each]
        for place in range(len(members) - 1, -1, -1):
            name, member = members[place]
            named = f"{json.dumps(name, ensure_ascii=False)}:" if is_object else ""
            waiting += [member, _Written(f",{named}" if place else named)]


def dumps_with_max_depth(value: Any, levels: int) -> bytes | None:
    """Write compact JSON; return None if the value is nested deeper than a maximum.

    orjson enforces its own limit while it writes; lists wrapped around the value make up the difference.

    Args:
        value: The value to write.
        levels: The maximum depth; at most orjson's limit.

    Raises:
        TypeError: The value contains something that is not JSON.
        ValueError: The value cannot be written.
    """
    spare = _MAX_ORJSON_DEPTH - levels
    try:
        written = orjson.dumps(value)
        if not may_exceed_depth(written, levels):
            return written
        wrapped = value
        for _ in range(spare):
            wrapped = [wrapped]
        written = orjson.dumps(wrapped)
    except TypeError:
        return None if exceeds_depth(value, levels) else dumps(value)
    return written[spare : len(written) - spare]


def dumps_with_max_depth_incrementally(value: Any, levels: int) -> bytes | None:
    """Write compact JSON as ``dumps_with_max_depth`` does, in a thread, so that other threads can run."""
    return None if exceeds_depth(value, levels) else dumps_incrementally(value)


def may_exceed_depth(text: bytes, levels: int) -> bool:
    """Return whether a JSON text has enough bytes and brackets to be nested deeper than a number of levels.

    ``replace`` skips from bracket to bracket, whereas ``count`` compares every byte.
    """
    if len(text) <= 2 * levels:
        return False
    return len(text) - len(text.replace(b"{", b"").replace(b"[", b"")) > levels


def exceeds_depth(value: Any, levels: int) -> bool:
    """Return whether a value is nested deeper than a number of levels; other threads can run."""
    containers = [value] if isinstance(value, _CONTAINERS) else []
    while containers and levels:
        levels -= 1
        members = [
            member for each in containers for member in (each.values() if isinstance(each, dict) else each)
        ]
        containers = [member for member in members if isinstance(member, _CONTAINERS)]
    return bool(containers)


def parse_number(text: str, *, exact: bool = False) -> int | float | None:
    """Parse a number; return None if the text is not a number that JSON can represent.

    Args:
        text: Decimal digits, with or without sign, point and exponent.
        exact: Return None also if a float would lose digits.
    """
    if _INTEGER.match(text):
        return int(text)
    if not _NUMBER.match(text):
        return None
    value = float(text)
    if not math.isfinite(value) or (exact and Decimal(text) != Decimal(repr(value))):
        return None
    return value
