"""Diagnostics: what was found in a document, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple

Pointer = tuple[str | int, ...]
"""A place in a document: the keys and indexes from its root, as in a JSON pointer."""


class Severity(StrEnum):
    """How much a diagnostic matters."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Position(NamedTuple):
    """A place in a file; both numbers count from 1."""

    line: int
    column: int


Locate = Callable[[Pointer], Position]
"""Gives the position of a pointer in its file."""

Origin = Callable[[Pointer], tuple[str, Pointer]]
"""Gives the file that a pointer's content is written in, and its place there."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    Attributes:
        severity: From loading, ``error`` means that the document, or the unit
            named, is not served; from a lint rule, that it must be mended.
        code: A stable rule id in kebab case, such as ``unknown-operation``.
        message: What is wrong.
        file: The file as the user named it; empty for text without a file.
        line: Line, from 1; 0 where no line applies.
        column: Column, from 1; 0 where no column applies.
        pointer: JSON pointer of the place.
        hint: How to mend it.
        excerpt: The line that it points at, with credentials masked; empty
            where nobody asked for it, or there is none.
        alters_service: Whether something is not there, does not work, or is
            served otherwise than the document says.
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
        """Give it as plain data, each attribute under its name as JSON writes names."""
        told = asdict(self)
        told["altersService"] = told.pop("alters_service")
        return told

    @property
    def is_error(self) -> bool:
        """Whether this finding stops something from being served."""
        return self.severity is Severity.ERROR

    @property
    def place(self) -> str:
        """``file:line:column``, with what is not known left out."""
        parts = [self.file or "<text>"]
        if self.line:
            parts += [str(self.line), str(self.column)]
        return ":".join(parts)

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}[{self.code}] {self.message}"


def json_pointer(pointer: Pointer) -> str:
    """Write a pointer as RFC 6901 text; the root is the empty string."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in pointer)


class Report:
    """Collects the diagnostics of one document, in the order found.

    Args:
        file: The file as the user named it.
        locate: Gives the position of a pointer; see ``SourceDocument.locate``.
        origin: Gives the file and the place that a pointer means, where parts
            of the document are written in other files.
    """

    def __init__(self, file: str, locate: Locate | None = None, origin: Origin | None = None) -> None:
        self._file = file
        self._locate = locate
        self._origin = origin
        self._found: list[Diagnostic] = []

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._found)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Take over diagnostics that were found elsewhere."""
        self._found.extend(diagnostics)

    def error(self, code: str, message: str, at: Pointer = (), hint: str = "") -> None:
        """Record something that stops the document, or one of its units, from being served."""
        self._add(Severity.ERROR, code, message, at, hint, alters_service=True)

    def warning(
        self, code: str, message: str, at: Pointer = (), hint: str = "", *, alters_service: bool = False
    ) -> None:
        """Record something that was mended, or that will surprise at run time; see ``Diagnostic``."""
        self._add(Severity.WARNING, code, message, at, hint, alters_service=alters_service)

    def info(self, code: str, message: str, at: Pointer = (), hint: str = "") -> None:
        """Record something worth knowing."""
        self._add(Severity.INFO, code, message, at, hint)

    @property
    def has_errors(self) -> bool:
        """Whether any finding is an error."""
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
