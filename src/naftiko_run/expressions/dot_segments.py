"""Dot segments and control characters in paths, at any level of percent-encoding.

Servers such as nginx decode a path before they remove dot segments, and a chain of servers decodes more than once. A
caller's value must therefore not form a dot segment at any level of encoding.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

MAX_DECODE_PASSES: Final = 8
"""Maximum number of times that a segment may be encoded, not counting runs of ``%25``."""

_ENCODED_PERCENT: Final = re.compile(r"%(?:25)+")
_SEPARATOR: Final = re.compile(r"[/\\]")
_END_OF_NAME: Final = re.compile(r"[;?#]")
"""The end of a segment's name: its parameters (Tomcat resolves ``..;x``), or a decoded query or fragment."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_HALF_ENCODED: Final = re.compile(r"%[0-9A-Fa-f]?\Z")


def segment_fault(segment: str) -> str:
    """Return why a percent-encoded segment is unsafe to send; empty if it is safe."""
    text = segment
    for _ in range(MAX_DECODE_PASSES):
        # Collapse runs of %25 at once: decoding them level by level would take quadratic time.
        decoded = unquote(_ENCODED_PERCENT.sub("%", text), "latin-1")
        if decoded == text:
            break
        text = decoded
    else:
        return "is percent-encoded too many times"
    if _CONTROL.search(text):
        return "cannot contain a control character, because it is part of the path"
    if "." in text and any(
        _END_OF_NAME.split(piece, maxsplit=1)[0] in (".", "..") for piece in _SEPARATOR.split(text)
    ):
        return "cannot make a path segment `.` or `..`"
    return ""


def path_fault(path: str) -> str:
    """Return why a percent-encoded path is unsafe to send; empty if it is safe."""
    if "." not in path and "%" not in path:
        return ""
    return next(filter(None, map(segment_fault, path.split("/"))), "")


def needs_check(literals: list[str]) -> bool:
    """Return whether the literals of a segment can form a dot segment with values without ``.`` and ``%``.

    Args:
        literals: The texts before, between and after the variables of the segment.
    """
    return bool(segment_fault("/".join(literals))) or any(
        _HALF_ENCODED.search(literal) for literal in literals[:-1]
    )
