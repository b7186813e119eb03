"""Regular expressions over untrusted values, in bounded time.

``match`` and ``search`` accept I-Regexp (RFC 9485), which runs in linear time.
Jayway's ``=~`` accepts Java's syntax, which may backtrack, up to a limit.
Both run in the engine that checks ``pattern`` in JSON Schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import jsonschema_rs
from iregexp_check import check

MAX_LENGTH: Final = 1_000
"""Maximum length of a pattern, which can come from a response."""

MAX_SIZE: Final = 1_000_000
"""Maximum size of a compiled pattern in bytes: counted repetitions multiply."""

MAX_BACKTRACKS: Final = 100_000

_NO_LINE_END: Final = r"[^\n\r]"
_PIECE = re.compile(r"\\.|[.\[\]&~]", re.DOTALL)


@lru_cache(maxsize=256)
def compile_iregexp(pattern: str, *, whole: bool) -> Callable[[str], bool] | None:
    """Return a function that matches a whole text or any part; None if the pattern is not an I-Regexp."""
    if len(pattern) > MAX_LENGTH or not check(pattern):
        return None
    written = f"(?:{_with_dots(pattern, _NO_LINE_END)})"
    try:
        return _validator(
            f"^{written}$" if whole else written, jsonschema_rs.RegexOptions(size_limit=MAX_SIZE)
        )
    except jsonschema_rs.ValidationError:
        return None


@lru_cache(maxsize=256)
def compile_regex(pattern: str, flags: str, *, whole: bool) -> Callable[[str], bool]:
    """Return a function that matches a text against a pattern in Java's syntax.

    Raises:
        ValueError: The pattern is malformed, too long, or has a flag that is not supported.
    """
    if len(pattern) > MAX_LENGTH:
        raise ValueError(f"a pattern has at most {MAX_LENGTH:,} characters")
    if unknown := set(flags) - set("imsxu"):
        raise ValueError(f"the flag `{min(unknown)}` is not supported; use i, m, s, x or u")
    if "s" in flags:
        pattern = _with_dots(pattern, r"[\s\S]")
    inline = "".join(flag for flag in "imx" if flag in flags)
    written = f"(?{inline}:{pattern})"
    try:
        return _validator(
            f"^{written}$" if whole else written,
            jsonschema_rs.FancyRegexOptions(backtrack_limit=MAX_BACKTRACKS, size_limit=MAX_SIZE),
        )
    except jsonschema_rs.ValidationError:
        raise ValueError("the pattern is malformed") from None


def _validator(
    pattern: str, options: jsonschema_rs.RegexOptions | jsonschema_rs.FancyRegexOptions
) -> Callable[[str], bool]:
    return jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=options).is_valid


def _with_dots(pattern: str, dot: str) -> str:
    """Return a pattern with its dots replaced, and set operators in its classes escaped."""
    in_class = False

    def replaced(found: re.Match[str]) -> str:
        nonlocal in_class
        piece = found.group()
        if piece in ("[", "]"):
            in_class = piece == "["
        elif piece == ".":
            return piece if in_class else dot
        elif len(piece) == 1 and in_class:
            return f"\\{piece}"
        return piece

    return _PIECE.sub(replaced, pattern)
