"""URL path templates: expanded for consumed paths, matched for exposed ones.

``{name}`` and ``{{name}}`` are both variables, anywhere in a segment.

A value must not form a dot segment at any level of percent-encoding: servers such as nginx decode a path before they
remove dot segments, and a chain of servers decodes more than once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from sys import intern
from typing import Any, Final
from urllib.parse import quote, unquote

from naftiko_run.expressions.expression import as_text

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


_VARIABLE = re.compile(r"\{\{?\s*([^{}]+?)\s*\}?\}")
_SEPARATORS = re.compile(r"[-_.\s]+")
ANY_VALUE = "\ud801"
"""Represents a variable in the shape of a path; cannot occur in a document or URL."""
SAFE = "-._~*"
"""Characters that are not percent-encoded, besides letters and digits."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a path."""

    name: str


PathPart = str | Variable


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """A parsed path.

    Attributes:
        text: The path as written.
        parts: Literals and variables, in order.
    """

    text: str
    parts: tuple[PathPart, ...]

    @property
    def variables(self) -> tuple[str, ...]:
        """The distinct names of the variables, in order."""
        return tuple(dict.fromkeys(part.name for part in self.parts if isinstance(part, Variable)))

    @property
    def shape(self) -> str:
        """The path with ``ANY_VALUE`` for each variable; routes with equal shapes match the same requests."""
        return "".join(ANY_VALUE if isinstance(part, Variable) else part for part in self.parts)

    @property
    def needs_segment_check(self) -> bool:
        """Whether values without ``.`` and ``%`` can form a dot segment with the literals around them."""
        return any(
            len(segment) > 1 and needs_check(_literals(segment))
            for segment in _segments(self.parts, [""] * len(self.parts))
        )

    def prefixes_by_variable(self) -> dict[str, str]:
        """Return the text before each variable in its segment, including the slash."""
        found: dict[str, str] = {}
        before = ""
        for part in self.parts:
            if isinstance(part, Variable):
                found.setdefault(part.name, before)
            before = f"/{part.rpartition('/')[2]}" if isinstance(part, str) else ""
        return found

    def pattern(self) -> re.Pattern[str]:
        """Return the pattern for a path whose segments are percent-decoded; group ``n`` is variable ``n``.

        A variable matches within one segment and is never empty.
        """
        written = ["([^/]+)" if isinstance(part, Variable) else re.escape(part) for part in self.parts]
        return re.compile("".join(written))


class UnsafePathValue(ValueError):
    """A value would change the target of a path.

    Args:
        variable: The variable.
        message: Why the value cannot be used.
    """

    def __init__(self, variable: str, message: str) -> None:
        super().__init__(message)
        self.variable = variable


@lru_cache(maxsize=1024)
def parse_path(text: str) -> PathTemplate:
    """Parse a path into literals and variables; cached, because parts of a document share paths."""
    parts: list[PathPart] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        if found.start() > end:
            parts.append(text[end : found.start()])
        parts.append(Variable(intern(found.group(1))))
        end = found.end()
    if end < len(text):
        parts.append(text[end:])
    return PathTemplate(text, tuple(parts))


def percent_encode(value: Any) -> str:
    """Percent-encode a value for one path segment or for a query; ``/`` becomes ``%2F``."""
    text = as_text(value)
    return text if text.isascii() and text.isalnum() else quote(text, safe=SAFE, errors="surrogateescape")


def encode_name(name: str) -> str:
    """Percent-encode the name of a query parameter; names such as ``$filter`` are unchanged."""
    return quote(name, safe=f"{SAFE}$!'(),:@/")


def fill_path(template: PathTemplate, encoded: Mapping[str, str]) -> str:
    """Expand the variables of a path.

    Args:
        template: The path.
        encoded: The percent-encoded value of each variable.

    Raises:
        UnsafePathValue: A value is empty, contains a control character, or forms a segment ``.`` or ``..``, at any
            level of decoding.
    """
    written = []
    for part in template.parts:
        if isinstance(part, str):
            written.append(part)
            continue
        if not encoded[part.name]:
            raise UnsafePathValue(part.name, "is part of the path and cannot be empty")
        written.append(encoded[part.name])
    path = "".join(written)
    if "." in path or "%" in path:
        _reject_unsafe_segments(template.parts, written)
    return path


@lru_cache(maxsize=1024)
def normalize_name(name: str) -> str:
    """Return a name without case and separators (``-_.``), to compare spellings."""
    return _SEPARATORS.sub("", name).casefold()


def _reject_unsafe_segments(parts: Sequence[PathPart], written: Sequence[str]) -> None:
    """Reject values that make a segment unsafe; segments without variables are not checked."""
    for segment in _segments(parts, written):
        culprit = _culprit(segment)
        fault = culprit and segment_fault("".join(text for _, text in segment))
        if fault:
            raise UnsafePathValue(culprit, fault)


def _culprit(segment: Sequence[tuple[PathPart, str]]) -> str:
    """Return the variable to report for an unsafe segment: one that is unsafe by itself, else the first."""
    variables = [(part.name, text) for part, text in segment if isinstance(part, Variable)]
    return next(
        (name for name, text in variables if segment_fault(text)), variables[0][0] if variables else ""
    )


def _segments(parts: Sequence[PathPart], written: Sequence[str]) -> Iterator[list[tuple[PathPart, str]]]:
    """Yield the parts of each segment of a path, each with the text written for it."""
    segment: list[tuple[PathPart, str]] = []
    for part, text in zip(parts, written, strict=True):
        if isinstance(part, Variable):
            segment.append((part, text))
            continue
        first, *others = part.split("/")
        segment.append((first, first))
        for other in others:
            yield segment
            segment = [(other, other)]
    yield segment


def _literals(segment: Sequence[tuple[PathPart, str]]) -> list[str]:
    """Return the literals around and between the variables of a segment."""
    literals = [""]
    for part, _ in segment:
        if isinstance(part, Variable):
            literals.append("")
        else:
            literals[-1] += part
    return literals
