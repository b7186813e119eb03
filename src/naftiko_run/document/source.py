"""YAML text to plain data, with the place of every value kept.

Scalars follow the YAML 1.2 core schema, so that ``on``, ``no`` and dates stay
what the author typed. Keys are always text. One pass over libyaml's events;
nothing recurses, so deep or hostile documents cannot exhaust the stack.
"""

from __future__ import annotations

import math
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from naftiko_run.diagnostics import Pointer, Position, Report
from naftiko_run.errors import DocumentError

try:
    from yaml._yaml import CParser as _Parser
except ImportError:  # a PyYAML built without libyaml
    from yaml.composer import Composer
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class _Parser(Reader, Scanner, Parser, Composer):  # type: ignore[no-redef]
        def __init__(self, stream: str) -> None:
            Reader.__init__(self, stream)
            Scanner.__init__(self)
            Parser.__init__(self)


MAX_BYTES: Final = 4 * 1024 * 1024
MAX_VALUES: Final = 500_000
MAX_DEPTH: Final = 200
TRUNCATION_MARK: Final = "# --- truncated at "
"""What a catalogue writes at the end of documents that it cut off."""
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
_SYNTAX_HINTS: Final = {
    "mapping values are not allowed": "quote a value that holds `: `, and check the indentation",
    "cannot start any token": "quote a value that starts with a mark such as `@`, `%` or a backtick",
    "expected alphabetic": "quote a value that starts with `*` or `&`",
    "unexpected end of stream": "a quote or bracket is not closed",
    "control characters": "remove the character, or save the file as UTF-8",
}
"""How to mend it, by what libyaml says."""
_NUMBER_START = frozenset("0123456789+-.")
_NULL_WORDS = frozenset(word for word, value in _WORDS.items() if value is None)


@dataclass(slots=True)
class _Places:
    """Where the members of one container stand, as (line, column) from 0."""

    start: tuple[int, int]
    keys: dict[str | int, tuple[int, int]] = field(default_factory=dict)
    values: dict[str | int, tuple[int, int]] = field(default_factory=dict)


class Source:
    """A parsed document and the place of everything in it.

    Attributes:
        file: The file as the user named it; empty for text without a file.
        text: The document's text.
        data: Plain data: dicts with text keys, lists, text, numbers, booleans, None.
    """

    def __init__(self, text: str, data: Any, places: dict[int, _Places], file: str) -> None:
        self.file = file
        self.text = text
        self.data = data
        self._places = places

    def locate(self, pointer: Pointer, *, key: bool = False) -> Position:
        """Give the position of a value, or of the nearest ancestor that exists.

        Args:
            pointer: Keys and indexes from the root.
            key: Point at the last key instead of at its value.
        """
        container = self.data
        found = (0, 0)
        if id(container) in self._places:
            found = self._places[id(container)].start
        for depth, part in enumerate(pointer):
            places = self._places.get(id(container))
            if places is None or part not in places.values:
                break
            is_last = depth == len(pointer) - 1
            value = container[part]
            at_key = (key and is_last) or isinstance(value, dict | list)
            found = places.keys.get(part, places.values[part]) if at_key else places.values[part]
            container = value
        return Position(found[0] + 1, found[1] + 1)


def read(path: Path) -> Source:
    """Read and parse a document file.

    Raises:
        DocumentError: The file cannot be read, or is not one YAML document.
    """
    name = str(path)
    report = Report(name)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            report.error(
                "document-too-large",
                f"the file is {size:,} bytes; a capability document is at most {MAX_BYTES:,}",
                hint="split it into several documents",
            )
            raise DocumentError(list(report))
        content = path.read_bytes()
    except FileNotFoundError:
        report.error("no-such-file", "there is no such file", hint="check the path for a slip of the pen")
    except IsADirectoryError:
        report.error("not-a-file", "this is a folder, not a capability document")
    except OSError as fault:
        report.error("unreadable-file", f"the file cannot be read: {fault.strerror}")
    else:
        return parse(decode(content, name), name)
    raise DocumentError(list(report))


def decode(content: bytes, file: str = "") -> str:
    """Decode a document's bytes: UTF-8, or UTF-16 with a byte order mark.

    Raises:
        DocumentError: The bytes are neither.
    """
    content = content.removeprefix(BOM_UTF8)
    encoding = "utf-16" if content[:2] in (BOM_UTF16_LE, BOM_UTF16_BE) else "utf-8"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as fault:
        position = _end_of(content[: fault.start].decode(encoding, "replace"))
        report = Report(file, lambda _: position)
        report.error(
            "not-utf8",
            f"the byte 0x{content[fault.start]:02x} is not {encoding.upper()} text",
            hint="save the file as UTF-8",
        )
        raise DocumentError(list(report)) from None


def parse(text: str, file: str = "") -> Source:
    """Parse one YAML document.

    Args:
        text: The document.
        file: The file name to show in diagnostics.

    Raises:
        DocumentError: Not YAML, not one document, a duplicate key, or larger,
            deeper or more entangled than any capability document.
    """
    if len(text) > MAX_BYTES:
        report = Report(file)
        report.error("document-too-large", f"the document has more than {MAX_BYTES:,} characters")
        raise DocumentError(list(report))
    builder = _Builder(file)
    try:
        parser = _Parser(text)
        while parser.check_event():
            builder.take(parser.get_event())
    except (yaml.YAMLError, UnicodeEncodeError) as fault:  # the latter for half a surrogate pair
        raise DocumentError(list(_syntax_report(fault, text, file))) from None
    return Source(text, builder.root, builder.places, file)


class _Builder:
    """Builds plain data from YAML events, without recursion."""

    def __init__(self, file: str) -> None:
        self.root: Any = None
        self.places: dict[int, _Places] = {}
        self._file = file
        self._documents = 0
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._values = 0

    def take(self, event: Any) -> None:
        """Take the parser's next event."""
        kind = type(event)
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
            self._documents += 1
            if self._documents > 1:
                self._fail(
                    "several-documents",
                    "the file holds more than one YAML document",
                    event.start_mark,
                    "keep one capability per file: remove this `---` and what follows, or move it",
                )

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
            self._fail(
                "unknown-anchor",
                f"`*{event.anchor}` names an anchor that is not defined before it",
                event.start_mark,
                f"define `&{event.anchor}` above this line, or quote the value if it is text",
            )
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
        mark = event.start_mark
        frame = _Frame(container, mark, event.anchor)
        self.places[id(container)] = frame.places
        self._stack.append(frame)

    def _put(self, value: Any, mark: Any, size: int) -> None:
        if not self._stack:
            self.root = value
            return
        self._values += size
        if self._values > MAX_VALUES:
            self._fail(
                "too-many-values",
                f"the document unfolds to more than {MAX_VALUES:,} values",
                mark,
                "aliases (`*name`) that repeat one another multiply; write the parts once",
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
        self.places = _Places((mark.line, mark.column))
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


def _end_of(text: str) -> Position:
    """Give the position just after a text."""
    return Position(text.count("\n") + 1, len(text) - text.rfind("\n"))


def _syntax_report(fault: yaml.YAMLError | UnicodeEncodeError, text: str, file: str) -> Report:
    mark = getattr(fault, "problem_mark", None) or getattr(fault, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if isinstance(fault, yaml.reader.ReaderError):
        line, column = _end_of(text.encode()[: fault.position].decode(errors="replace"))
    context_mark = getattr(fault, "context_mark", None)
    problem = getattr(fault, "problem", None) or getattr(fault, "reason", None) or str(fault)
    lines = text.splitlines()
    here = lines[line - 1] if line <= len(lines) else ""
    message = f"not YAML: {problem}"
    if context_mark is not None and context_mark.line + 1 != line:
        message += f" ({getattr(fault, 'context', '')}, which began on line {context_mark.line + 1})"
    report = Report(file, lambda _: Position(line, column))
    report.error("yaml-syntax", message, hint=_syntax_hint(problem, here, text))
    return report


def _syntax_hint(problem: str, here: str, text: str) -> str:
    if TRUNCATION_MARK in text[-200:]:
        return "the text was cut off where it was published; fetch the whole document"
    if here[: len(here) - len(here.lstrip())].count("\t"):
        return "indent with spaces: YAML does not allow tabs"
    for words, hint in _SYNTAX_HINTS.items():
        if words in problem:
            return hint
    return "check the indentation, the quotes and the brackets around this line"
