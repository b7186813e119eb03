"""Diagnostics: problems in a document, where they are, and how to fix them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, NamedTuple

Pointer = tuple[str | int, ...]
"""A location in a document: the keys and indexes from its root, as in a JSON pointer."""


class Severity(StrEnum):
    """The severity of a diagnostic."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Position(NamedTuple):
    """A position in a file; line and column count from 1."""

    line: int
    column: int


class Place(NamedTuple):
    """A line of a file; empty and 0 if they are unknown."""

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file or '<text>'}:{self.line}" if self.line else self.file or "<text>"


Locate = Callable[[Pointer], Position]
"""Returns the position of a pointer in its file."""

Origin = Callable[[Pointer], tuple[str, Pointer]]
"""Returns the file that contains the value at a pointer, and its pointer in that file."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem or note.

    Attributes:
        severity: From loading, ``error`` means that the document, or the operation or
            tool named, is not served; from a lint rule, that it must be fixed.
        code: A stable rule id in kebab case, such as ``unknown-operation``.
        message: What is wrong.
        file: The file as the user named it; empty for text without a file.
        line: Line, from 1; 0 if unknown.
        column: Column, from 1; 0 if unknown.
        pointer: JSON pointer to the value.
        hint: How to fix it.
        excerpt: The source line, with credentials masked; empty if not
            requested or not available.
        alters_service: Whether something is not served, does not work, or is
            served differently from what the document says.
    """

    severity: Severity
    code: str
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    pointer: str = ""
    hint: str = ""
    excerpt: str = ""
    alters_service: bool = False

    def as_data(self) -> dict[str, Any]:
        """Return the diagnostic as plain data, with keys in camel case."""
        data = asdict(self)
        data["altersService"] = data.pop("alters_service")
        return data

    @property
    def is_error(self) -> bool:
        """Whether this diagnostic prevents something from being served."""
        return self.severity is Severity.ERROR

    @property
    def place(self) -> str:
        """``file:line:column``, without the parts that are unknown."""
        parts = [self.file or "<text>"]
        if self.line:
            parts += [str(self.line), str(self.column)]
        return ":".join(parts)

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}[{self.code}] {self.message}"


def json_pointer(pointer: Sequence[str | int]) -> str:
    """Return a pointer as RFC 6901 text; the root is the empty string."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in pointer)


def closest_name(name: str, known: Iterable[str]) -> str:
    """Return the known name that a misspelled one means, in any case; empty if none is similar."""
    by_folded = {each.casefold(): each for each in known}
    folded = name.casefold()
    close = [folded] if folded in by_folded else get_close_matches(folded, by_folded, n=1)
    return by_folded[close[0]] if close else ""


class Report:
    """Collects the diagnostics of one document, in order.

    Args:
        file: The file as the user named it.
        locate: Returns the position of a pointer; see ``SourceDocument.locate``.
        origin: Returns the file and the pointer in it, if parts of the document
            are imported from other files.
    """

    def __init__(self, file: str, locate: Locate | None = None, origin: Origin | None = None) -> None:
        self._file = file
        self._locate = locate
        self._origin = origin
        self._found: list[Diagnostic] = []

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._found)

    def place_of(self, at: Pointer) -> Place:
        """Return the place of a value in its file."""
        line = self._locate(at).line if self._locate else 0
        file, _ = self._origin(at) if self._origin else (self._file, at)
        return Place(file, line)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Add diagnostics that were collected elsewhere."""
        self._found.extend(diagnostics)

    def error(self, code: str, message: str, at: Pointer = (), hint: str = "") -> None:
        """Record an error: the document, or one of its operations or tools, is not served."""
        self._add(Severity.ERROR, code, message, at, hint, alters_service=True)

    def warning(
        self, code: str, message: str, at: Pointer = (), hint: str = "", *, alters_service: bool = False
    ) -> None:
        """Record a warning: a form that was corrected, or behaviour that may be unexpected; see ``Diagnostic``."""
        self._add(Severity.WARNING, code, message, at, hint, alters_service=alters_service)

    def info(self, code: str, message: str, at: Pointer = (), hint: str = "") -> None:
        """Record a note."""
        self._add(Severity.INFO, code, message, at, hint)

    @property
    def has_errors(self) -> bool:
        """Whether any diagnostic is an error."""
        return any(d.is_error for d in self._found)

    def _add(
        self,
        severity: Severity,
        code: str,
        message: str,
        at: Pointer,
        hint: str,
        *,
        alters_service: bool = False,
    ) -> None:
        position = self._locate(at) if self._locate else Position(0, 0)
        file, at = self._origin(at) if self._origin else (self._file, at)
        self._found.append(
            Diagnostic(
                severity,
                code,
                message,
                file,
                *position,
                pointer=json_pointer(at),
                hint=hint,
                alters_service=alters_service,
            )
        )
