"""Plain data out of YAML events, with the place of every member; nothing recurses.

Scalars follow the YAML 1.2 core schema, so that ``on``, ``no`` and dates stay
what the author typed. Keys are always text.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from naftiko_run.diagnostics import Position, Report
from naftiko_run.errors import DocumentError

MAX_VALUES: Final = 500_000
MAX_DEPTH: Final = 200
MAX_DIGITS: Final = 3000
"""Longer integers stay text: Python refuses to write them out again."""

_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_PREFIXED_INTEGER = re.compile(r"0(?:o[0-7]+|x[0-9a-fA-F]+)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_WORDS: Final[dict[str, Any]] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_NODES = frozenset({yaml.ScalarEvent, yaml.AliasEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent})
_NUMBER_START = frozenset("0123456789+-.")
_NULL_WORDS = frozenset(word for word, value in _WORDS.items() if value is None)


@dataclass(slots=True)
class Places:
    """Where the members of one container stand, as (line, column) from 0."""

    start: tuple[int, int]
    keys: dict[str | int, tuple[int, int]] = field(default_factory=dict)
    values: dict[str | int, tuple[int, int]] = field(default_factory=dict)


class Builder:
    """Builds plain data from YAML events.

    Args:
        file: The file name to show in diagnostics.

    Attributes:
        root: The data, once every event was taken.
        places: Where the members of each container stand, by its ``id``.
    """

    def __init__(self, file: str) -> None:
        self.root: Any = None
        self.places: dict[int, Places] = {}
        self._file = file
        self._document_mark: Any = None
        self._holds_document = False
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._values = 0
        self._has_aliases = False

    def take(self, event: Any) -> None:
        """Take the parser's next event."""
        kind = type(event)
        if not self._stack and kind in _NODES and not _is_empty(event):
            self._begin_document()
        if kind is yaml.ScalarEvent:
            frame = self._stack[-1] if self._stack else None
            if frame is not None and frame.awaits_key:
                self._take_key(frame, event)
                return
            value = _scalar(event)
            if event.anchor is not None:
                self._anchors[event.anchor] = (value, 1)
            self._put(value, event.start_mark, 1)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._open({} if kind is yaml.MappingStartEvent else [], event)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            frame = self._stack.pop()
            if frame.anchor is not None:
                self._anchors[frame.anchor] = (frame.container, frame.size)
            if frame.merged:
                frame.apply_merges()
            self._put(frame.container, frame.mark, frame.size)
        elif kind is yaml.AliasEvent:
            self._take_alias(event)
        elif kind is yaml.DocumentStartEvent:
            self._document_mark = event.start_mark

    def _begin_document(self) -> None:
        """Let the stream have one document; those with nothing in them, after a bare ``---``, are none."""
        if self._holds_document:
            self._fail(
                "several-documents",
                "the file holds more than one YAML document",
                self._document_mark,
                "keep one capability per file: remove this `---` and what follows, or move it",
            )
        self._holds_document = True

    def _take_key(self, frame: _Frame, event: Any) -> None:
        key = event.value
        if event.anchor is not None:
            self._anchors[event.anchor] = (key, 1)
        mark = (event.start_mark.line, event.start_mark.column)
        if key == "<<" and event.implicit[0]:
            frame.key = key
            frame.merging = True
        elif key in frame.places.keys:
            first = frame.places.keys[key]
            self._fail(
                "duplicate-key",
                f"the key `{key}` stands here again; it stands on line {first[0] + 1} already",
                event.start_mark,
                "keep one of the two",
            )
        else:
            frame.key = key
            frame.places.keys[key] = mark
        frame.awaits_key = False

    def _take_alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            if any(frame.anchor == event.anchor for frame in self._stack):
                self._fail(
                    "self-reference",
                    f"`*{event.anchor}` stands inside what `&{event.anchor}` marks: it would hold itself",
                    event.start_mark,
                    "write the part out, or put the anchor on a smaller part",
                )
            self._fail(
                "unknown-anchor",
                f"`*{event.anchor}` names an anchor that is not defined before it",
                event.start_mark,
                f"define `&{event.anchor}` above this line, or quote the value if it is text",
            )
        self._has_aliases = True
        value, size = self._anchors[event.anchor]
        if self._stack and self._stack[-1].awaits_key:
            self._fail("alias-as-key", "an alias cannot be a key", event.start_mark, "write the key out")
        self._put(value, event.start_mark, size)

    def _open(self, container: Any, event: Any) -> None:
        if self._stack and self._stack[-1].awaits_key:
            self._fail(
                "structured-key",
                "a key must be text",
                event.start_mark,
                "quote the template: `'{{name}}'`"
                if isinstance(container, dict)
                else "write the key as text",
            )
        if len(self._stack) >= MAX_DEPTH:
            self._fail(
                "too-deep", f"the document is nested more than {MAX_DEPTH} levels deep", event.start_mark, ""
            )
        self._anchors.pop(event.anchor, None)  # from here on it means what begins here
        mark = event.start_mark
        frame = _Frame(container, mark, event.anchor)
        self.places[id(container)] = frame.places
        self._stack.append(frame)

    def _put(self, value: Any, mark: Any, size: int) -> None:
        if not self._stack:
            self.root = value if self.root is None else self.root
            return
        self._values += size
        if self._values > MAX_VALUES:
            self._fail(
                "too-many-values",
                f"the document {'unfolds to' if self._has_aliases else 'holds'} more than {MAX_VALUES:,} values",
                mark,
                "aliases (`*name`) that repeat one another multiply; write the parts once"
                if self._has_aliases
                else "split it into several documents",
            )
        frame = self._stack[-1]
        frame.size += size
        place = (mark.line, mark.column)
        if isinstance(frame.container, list):
            frame.places.values[len(frame.container)] = place
            frame.container.append(value)
            return
        frame.awaits_key = True
        if frame.merging:
            frame.merging = False
            sources = value if isinstance(value, list) else [value]
            if not all(isinstance(source, dict) for source in sources):
                self._fail("bad-merge", "`<<` takes a mapping or a list of mappings", mark, "")
            frame.merged.extend(sources)
            return
        frame.container[frame.key] = value
        frame.places.values[frame.key] = place

    def _fail(self, code: str, message: str, mark: Any, hint: str) -> None:
        report = Report(self._file, lambda _: Position(mark.line + 1, mark.column + 1))
        report.error(code, message, hint=hint)
        raise DocumentError(list(report))


class _Frame:
    """A container that is still open."""

    __slots__ = ("anchor", "awaits_key", "container", "key", "mark", "merged", "merging", "places", "size")

    def __init__(self, container: Any, mark: Any, anchor: str | None) -> None:
        self.container = container
        self.mark = mark
        self.anchor = anchor
        self.places = Places((mark.line, mark.column))
        self.awaits_key = isinstance(container, dict)
        self.key = ""
        self.merging = False
        self.merged: list[dict[str, Any]] = []
        self.size = 1

    def apply_merges(self) -> None:
        """Add the keys of `<<` that the mapping does not have itself."""
        for source in self.merged:
            for key, value in source.items():
                if key not in self.container:
                    self.container[key] = value
                    self.places.values[key] = self.places.start


def _is_empty(event: Any) -> bool:
    """Whether a document's only node is what YAML sees where nothing is written."""
    return type(event) is yaml.ScalarEvent and not event.value and event.implicit[0] and event.anchor is None


def _scalar(event: Any) -> Any:
    text = event.value
    if event.tag is not None:
        return _tagged(event.tag, text)
    if not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMBER_START:
        return _number(text)
    return text


def _number(text: str) -> Any:
    if _INTEGER.match(text):
        return int(text) if len(text) <= MAX_DIGITS else text
    if _PREFIXED_INTEGER.match(text):
        return int(text, 0) if len(text) <= MAX_DIGITS else text
    if _FLOAT.match(text) and math.isfinite(number := float(text)):
        return number
    return text


def _tagged(tag: str, text: str) -> Any:
    """Apply an explicit core tag; any other tag leaves the text."""
    if tag == "tag:yaml.org,2002:null" and text in _NULL_WORDS:
        return None
    if tag == "tag:yaml.org,2002:bool" and isinstance(_WORDS.get(text), bool):
        return _WORDS[text]
    if tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float"):
        return _number(text)
    return text
