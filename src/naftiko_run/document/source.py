"""Parse YAML text into plain data with the position of every value, in one pass over libyaml's events."""

from __future__ import annotations

import pickle
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from naftiko_run.diagnostics import Pointer, Position, Report
from naftiko_run.document.capability_resource import EmbeddedDocument, find_embedded
from naftiko_run.document.yaml_builder import Container, PackedContainer, YamlBuilder, too_deep
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
TRUNCATION_MARK: Final = "# --- truncated at "
"""The marker at the end of documents that a catalogue truncated."""

_SURROGATE_PAIR = re.compile(
    r"(?<!\\)(?P<before>(?:\\\\)*)\\u(?P<high>d[89ab][0-9a-f]{2})\\u(?P<low>d[c-f][0-9a-f]{2})", re.IGNORECASE
)

_SYNTAX_HINTS: Final = {
    "mapping values are not allowed": "quote a value that contains `: `, and check the indentation",
    "cannot start any token": "quote a value that starts with a character such as `@`, `%` or a backtick",
    "expected alphabetic": "quote a value that starts with `*` or `&`",
    "unexpected end of stream": "a quote or bracket is not closed",
    "control characters": "remove the character, or save the file as UTF-8",
}
"""How to fix a syntax error, by the message of libyaml."""


class SourceDocument:
    """A parsed document and the position of every value.

    Attributes:
        file: The file as the user named it; empty for text without a file.
        text: The document's text.
        data: Plain data: dicts with text keys, lists, text, numbers, booleans, None.
    """

    def __init__(
        self, text: str, data: Any, containers: Mapping[int, Container | PackedContainer], file: str
    ) -> None:
        self.file = file
        self.text = text
        self.data = data
        self._containers = containers

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the positions in a form that is only unpacked when one is needed."""
        containers = [each.packed() for each in self._containers.values() if isinstance(each, Container)]
        packed = pickle.dumps((self.data, containers), pickle.HIGHEST_PROTOCOL)
        return _PackedDocument, (self.text, self.file, packed)

    @property
    def folder(self) -> Path:
        """The folder that relative locations are resolved against; the working directory for text without a file."""
        return Path(self.file).parent

    def locate(self, pointer: Pointer, *, key: bool = False) -> Position:
        """Return the position of a value, or of the nearest ancestor that exists.

        Args:
            pointer: Keys and indexes from the root.
            key: Return the position of the last key instead of its value.
        """
        value = self.data
        found = (0, 0)
        if (container := self._containers.get(id(value))) is not None:
            found = container.position() or found
        for depth, part in enumerate(pointer):
            container = self._containers.get(id(value))
            if container is None or (place := container.position(part)) is None:
                break
            value = container.data[part]
            at_key = isinstance(value, (dict, list)) or (key and depth == len(pointer) - 1)
            found = container.position(part, of_key=True) or place if at_key else place
        return Position(found[0] + 1, found[1] + 1)

    def written(self, pointer: Pointer) -> str:
        """Return the scalar at a place as written, such as ``1.10``, which YAML reads as a number."""
        line, column = self.locate(pointer)
        here = self.text.splitlines()[line - 1][column - 1 :]
        return re.split(r"[\s,\]}]", here, maxsplit=1)[0]


class _PackedDocument(SourceDocument):
    """A document from another process, whose data and positions are unpacked when they are needed."""

    def __init__(self, text: str, file: str, packed: bytes) -> None:
        self.text = text
        self.file = file
        self._packed = packed

    def __reduce__(self) -> tuple[Any, ...]:
        return _PackedDocument, (self.text, self.file, self._packed)

    def __getattr__(self, name: str) -> Any:
        if name not in ("data", "_containers"):
            raise AttributeError(name)
        self.data, containers = pickle.loads(self._packed)  # noqa: S301 - from our own worker
        self._containers = {id(each.data): each for each in containers}
        return getattr(self, name)


def read(path: Path) -> SourceDocument:
    """Read and parse a document file, or a file with a Capability of Kubernetes and its document.

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
        report.error("no-such-file", "there is no such file", hint="check the path for typos")
    except IsADirectoryError:
        report.error("not-a-file", "this is a folder, not a capability document")
    except OSError as fault:
        report.error("unreadable-file", f"the file cannot be read: {fault.strerror}")
    else:
        text = decode(content, name)
        embedded = _embedded(text, path)
        return parse(embedded.text, embedded.file) if embedded else parse(text, name)
    raise DocumentError(list(report))


def _embedded(text: str, path: Path) -> EmbeddedDocument | None:
    """Return the document of a Capability; None if there is none, or if parsing the file reports why."""
    try:
        return find_embedded(text, path, MAX_BYTES)
    except (yaml.scanner.ScannerError, yaml.parser.ParserError) as fault:
        if _depth_limit(fault) is None:  # parsing would report that there are several documents
            raise DocumentError(list(_syntax_report(fault, text, str(path)))) from None
    except (yaml.YAMLError, UnicodeEncodeError, RecursionError):
        pass
    return None


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


def parse(text: str, file: str = "") -> SourceDocument:
    """Parse one YAML document.

    Args:
        text: The document.
        file: The file name to show in diagnostics.

    Raises:
        DocumentError: Not YAML, not exactly one document, a duplicate key, or
            beyond the limits on size, depth and number of values.
    """
    if len(text) > MAX_BYTES:
        report = Report(file)
        report.error("document-too-large", f"the document has more than {MAX_BYTES:,} characters")
        raise DocumentError(list(report))
    builder = YamlBuilder(file)
    try:
        data = builder.build(_Parser(text).get_event)
    except (yaml.YAMLError, UnicodeEncodeError) as fault:  # the latter for a lone surrogate
        if (mark := _depth_limit(fault)) is not None:
            raise _too_deep_at(mark, text[: mark.index], file) from None
        fixed = _SURROGATE_PAIR.sub(_as_one_character, text)
        if fixed == text:
            raise DocumentError(list(_syntax_report(fault, text, file))) from None
        return parse(fixed, file)
    return SourceDocument(text, data, builder.containers, file)


def _depth_limit(fault: yaml.YAMLError | UnicodeEncodeError) -> Any:
    """Return the mark where libyaml's own nesting limit stopped it, or None for another error.

    Since 0.2.6 libyaml rejects more than 1,000 levels. It scans ahead, so that
    this error can precede the events of the first levels.
    """
    words = f"{getattr(fault, 'context', '')} {getattr(fault, 'problem', '')}"
    return getattr(fault, "problem_mark", None) if "nesting" in words or "depth" in words else None


def _too_deep_at(mark: Any, before: str, file: str) -> DocumentError:
    """Return the error for a text that libyaml rejected as too deep, given the text before that place.

    The text before it already exceeds our own limit, and libyaml accepts it:
    parsing it reports the same place with every version of libyaml.
    """
    try:
        YamlBuilder(file).build(_Parser(before).get_event)
    except DocumentError as error:
        return error
    except (yaml.YAMLError, UnicodeEncodeError):
        pass
    return DocumentError(list(too_deep(file, mark)))


def _as_one_character(pair: re.Match[str]) -> str:
    """Return the YAML escape of a surrogate pair escaped as in JSON, which libyaml rejects."""
    high, low = (int(half, 16) for half in pair.group("high", "low"))
    return f"{pair['before']}\\U{0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF):08x}"


def _end_of(text: str) -> Position:
    """Return the position just after a text."""
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
        message += f" ({getattr(fault, 'context', '')}, started on line {context_mark.line + 1})"
    report = Report(file, lambda _: Position(line, column))
    report.error("yaml-syntax", message, hint=_syntax_hint(problem, here, text))
    return report


def _syntax_hint(problem: str, here: str, text: str) -> str:
    if TRUNCATION_MARK in text[-200:]:
        return "the published text was truncated; get the complete document"
    if here[: len(here) - len(here.lstrip())].count("\t"):
        return "indent with spaces: YAML does not allow tabs"
    for words, hint in _SYNTAX_HINTS.items():
        if words in problem:
            return hint
    return "check the indentation, the quotes and the brackets around this line"
