"""Build plain data from YAML events, with the position of every member, without recursion.

Scalars follow the YAML 1.2 core schema, so that ``on``, ``no`` and dates stay
text. Keys are always text.
"""

from __future__ import annotations

import math
import re
import sys
from array import array
from collections.abc import Callable
from typing import Any, Final

import yaml

from naftiko_run.diagnostics import Position, Report
from naftiko_run.errors import DocumentError

MAX_VALUES: Final = 500_000
MAX_DEPTH: Final = 200
MAX_DIGITS: Final = 3000
"""Longer integers stay text: Python does not convert them back to text."""

_SHORT: Final = 32
"""Text up to this length is interned across documents, which keeps it in the CPU caches of their calls."""
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
_NUMBER_START = frozenset("0123456789+-.")
_NULL_WORDS = frozenset(word for word, value in _WORDS.items() if value is None)


class YamlBuilder:
    """Builds plain data from YAML events.

    Args:
        file: The file name to show in diagnostics.

    Attributes:
        containers: Every mapping and list, with the positions of its members, by the ``id`` of its data.
    """

    def __init__(self, file: str) -> None:
        self.containers: dict[int, Container] = {}
        self._file = file
        self._document_mark: Any = None
        self._holds_document = False
        self._texts: dict[str, str] = {}
        """Longer texts seen so far: many occur several times in a document."""
        self._stream = Container([], None, None, 0)
        self._stack = [self._stream]
        self._anchors: dict[str, tuple[Any, int, int]] = {}
        """The value of each anchor, its number of values, and its number of levels."""
        self._values = 0
        self._has_aliases = False

    def build(self, next_event: Callable[[], Any]) -> Any:
        """Return the data of the only document in the parser's events, which end with None."""
        top = self._stream
        while (event := next_event()) is not None:
            kind = type(event)
            if kind is yaml.ScalarEvent:
                if top.awaits_key:
                    self._take_key(top, event)
                    continue
                if top is self._stream and not _is_empty(event):
                    self._begin_document()
                value = _scalar(event)
                if type(value) is str:
                    value = (
                        sys.intern(value) if len(value) <= _SHORT else self._texts.setdefault(value, value)
                    )
                if event.anchor is not None:
                    self._anchors[event.anchor] = (value, 1, 0)
                self._put(top, value, event.start_mark, 1, 0)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                top = self._open(top, {} if kind is yaml.MappingStartEvent else [], event)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                top = self._close()
            elif kind is yaml.AliasEvent:
                self._take_alias(top, event)
            elif kind is yaml.DocumentStartEvent:
                self._document_mark = event.start_mark
        return next((each for each in self._stream.data if each is not None), None)

    def _begin_document(self) -> None:
        """Reject a second document; empty ones, after a bare ``---``, do not count."""
        if self._holds_document:
            self._fail(
                "several-documents",
                "the file contains more than one YAML document",
                self._document_mark,
                "keep one capability per file: remove this `---` and what follows, or move it",
            )
        self._holds_document = True

    def _take_key(self, top: Container, event: Any) -> None:
        key = sys.intern(event.value)  # documents share a few hundred keys
        if event.anchor is not None:
            self._anchors[event.anchor] = (key, 1, 0)
        top.awaits_key = False
        if key == "<<" and event.implicit[0]:
            top.key = None
            return
        if key in top.data:
            first = top.keys[[*top.data].index(key)]
            self._fail(
                "duplicate-key",
                f"duplicate key `{key}` (first on line {first.line + 1})",
                event.start_mark,
                "keep one of the two",
            )
        top.key = key
        top.keys.append(event.start_mark)

    def _take_alias(self, top: Container, event: Any) -> None:
        if top is self._stream:
            self._begin_document()
        if event.anchor not in self._anchors:
            if any(each.anchor == event.anchor for each in self._stack):
                self._fail(
                    "self-reference",
                    f"`*{event.anchor}` is inside the value of `&{event.anchor}`: it would contain itself",
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
        value, size, levels = self._anchors[event.anchor]
        if top.awaits_key:
            self._fail("alias-as-key", "an alias cannot be a key", event.start_mark, "write the key out")
        if len(self._stack) - 1 + levels > MAX_DEPTH:
            self._fail_as_too_deep(event.start_mark)
        self._put(top, value, event.start_mark, size, levels)

    def _open(self, top: Container, data: Any, event: Any) -> Container:
        if top is self._stream:
            self._begin_document()
        if top.awaits_key:
            self._fail(
                "structured-key",
                "a key must be text",
                event.start_mark,
                "quote the template: `'{{name}}'`" if isinstance(data, dict) else "write the key as text",
            )
        if len(self._stack) > MAX_DEPTH:
            self._fail_as_too_deep(event.start_mark)
        if event.anchor is not None:
            self._anchors.pop(event.anchor, None)  # redefined from here on
        opened = Container(data, event.start_mark, event.anchor, self._values)
        self.containers[id(data)] = opened
        self._stack.append(opened)
        return opened

    def _close(self) -> Container:
        """Add the container that ends here to its parent, and return the parent."""
        done = self._stack.pop()
        top = self._stack[-1]
        if done.anchor is not None:
            self._anchors[done.anchor] = (done.data, self._values - done.before + 1, done.levels)
        if done.merged:
            done.apply_merges()
        self._put(top, done.data, done.start, 1, done.levels)
        return top

    def _put(self, top: Container, value: Any, mark: Any, size: int, levels: int) -> None:
        """Add a value to the open container; ``size`` counts the values that were not counted yet."""
        self._values += size
        if self._values > MAX_VALUES:
            self._fail(
                "too-many-values",
                f"the document {'expands to' if self._has_aliases else 'contains'} more than {MAX_VALUES:,} values",
                mark,
                "nested aliases (`*name`) multiply; write the parts once"
                if self._has_aliases
                else "split it into several documents",
            )
        if type(top.data) is list:
            top.data.append(value)
        elif top.key is None:
            top.awaits_key = True
            self._merge(top, value, mark, levels)
            return
        else:
            top.awaits_key = True
            top.data[top.key] = value
        top.values.append(mark)
        if levels >= top.levels:
            top.levels = levels + 1

    def _merge(self, top: Container, value: Any, mark: Any, levels: int) -> None:
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            self._fail("bad-merge", "`<<` needs a mapping or a list of mappings", mark, "")
        top.merged.extend(sources)
        top.levels = max(top.levels, levels - 1 if isinstance(value, list) else levels)

    def _fail_as_too_deep(self, mark: Any) -> None:
        report = too_deep(self._file, mark)
        raise DocumentError(list(report))

    def _fail(self, code: str, message: str, mark: Any, hint: str) -> None:
        report = Report(self._file, lambda _: Position(mark.line + 1, mark.column + 1))
        report.error(code, message, hint=hint)
        raise DocumentError(list(report))


def too_deep(file: str, mark: Any) -> Report:
    """Return a report that a document is nested too deeply, at a parser's mark."""
    report = Report(file, lambda _: Position(mark.line + 1, mark.column + 1))
    report.error(
        "too-deep",
        f"the document is nested more than {MAX_DEPTH} levels deep",
        hint="close each bracket, or reduce the nesting",
    )
    return report


def _is_empty(event: Any) -> bool:
    """Whether a document's only node is the implicit null of an empty document."""
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
    """Apply an explicit core tag; ignore any other tag."""
    if tag == "tag:yaml.org,2002:null" and text in _NULL_WORDS:
        return None
    if tag == "tag:yaml.org,2002:bool" and isinstance(_WORDS.get(text), bool):
        return _WORDS[text]
    if tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float"):
        return _number(text)
    return text


class Container:
    """A mapping or list, and the marks of its members, from which diagnostics get line and column.

    Args:
        data: The mapping or list.
        start: Where it begins.
        anchor: Its anchor; None for none.
        before: The number of values before it in the document.

    Attributes:
        keys: The mark of each key of a mapping, in order.
        values: The mark of each member, in order; members merged by ``<<`` come last and have none.
        key: The key of the next value; None for ``<<``.
        awaits_key: Whether the next event is a key.
        merged: The mappings that ``<<`` merges.
        levels: The number of nested levels, including itself, with aliases resolved.
    """

    __slots__ = (
        "anchor",
        "awaits_key",
        "before",
        "data",
        "key",
        "keys",
        "levels",
        "merged",
        "start",
        "values",
    )

    def __init__(self, data: Any, start: Any, anchor: str | None, before: int) -> None:
        self.data = data
        self.start = start
        self.anchor = anchor
        self.before = before
        self.keys: list[Any] = []
        self.values: list[Any] = []
        self.key: str | None = ""
        self.awaits_key = type(data) is dict
        self.merged: list[dict[str, Any]] = []
        self.levels = 1

    def position(self, part: str | int | None = None, *, of_key: bool = False) -> tuple[int, int] | None:
        """Return the position of a member as (line, column) from 0, or its own; None where it has no such member.

        Args:
            part: The member's key or index; None for the container itself.
            of_key: Prefer the position of the key, where there is one.
        """
        mark = self.start
        if part is not None:
            if (index := _index_of(part, self.data)) is None:
                return None
            if index < len(self.values):  # else `<<` merged it
                mark = self.keys[index] if of_key and self.keys else self.values[index]
        return mark.line, mark.column

    def packed(self) -> PackedContainer:
        """Return the positions in a form that other processes can use."""
        marks = (self.start, *self.keys, *self.values)
        numbers = array("L", (number for mark in marks for number in (mark.line, mark.column)))
        return PackedContainer(self.data, len(self.keys), numbers)

    def apply_merges(self) -> None:
        """Add the keys of ``<<`` that the mapping does not define itself."""
        for source in self.merged:
            for key, value in source.items():
                self.data.setdefault(key, value)


class PackedContainer:
    """The positions of the members of a mapping or sequence, without the parser's objects.

    Args:
        data: The mapping or sequence.
        keys: How many of the positions are those of keys.
        numbers: Line and column of the container, of its keys and of its values.
    """

    __slots__ = ("_keys", "_numbers", "data")

    def __init__(self, data: Any, keys: int, numbers: array[int]) -> None:
        self.data = data
        self._keys = keys
        self._numbers = numbers

    def __reduce__(self) -> tuple[Any, ...]:
        return PackedContainer, (self.data, self._keys, self._numbers)

    def position(self, part: str | int | None = None, *, of_key: bool = False) -> tuple[int, int] | None:
        """Return the position of a member; see ``Container.position``."""
        at = 0
        if part is not None:
            if (index := _index_of(part, self.data)) is None:
                return None
            if 1 + self._keys + index < len(self._numbers) // 2:  # else `<<` merged it
                at = 1 + index + (0 if of_key and self._keys else self._keys)
        return self._numbers[2 * at], self._numbers[2 * at + 1]


def _index_of(part: str | int, data: Any) -> int | None:
    """Return the index of a member; None where there is none."""
    if part not in (data if isinstance(data, dict) else range(len(data))):
        return None
    return [*data].index(part) if isinstance(data, dict) else int(part)
