"""Where the parts of a document that was put together from several files are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from naftiko_run.diagnostics import Pointer, Position, Report
from naftiko_run.document.source import Source


class Place(NamedTuple):
    """A place in one file."""

    source: Source
    at: Pointer

    def __str__(self) -> str:
        """``file:line:column``."""
        line, column = self.source.locate(self.at)
        return f"{self.source.file or '<text>'}:{line}:{column}"


@dataclass(frozen=True, slots=True)
class Origins:
    """Where each part of a whole document is written.

    Attributes:
        source: The document itself.
        moved: Entries of sections, ``("capability", section, index)``, that are
            written in another file, or at another place of the document.
    """

    source: Source
    moved: Mapping[Pointer, Place] = field(default_factory=dict)

    def report(self) -> Report:
        """Give a report of the whole document that names each finding's own file."""
        if not self.moved:
            return Report(self.source.file, self.source.locate)
        return Report(self.source.file, self._locate, self._origin)

    def _place(self, pointer: Pointer) -> Place:
        entry = self.moved.get(pointer[:3])
        return Place(entry.source, entry.at + pointer[3:]) if entry else Place(self.source, pointer)

    def _locate(self, pointer: Pointer) -> Position:
        source, at = self._place(pointer)
        return source.locate(at)

    def _origin(self, pointer: Pointer) -> tuple[str, Pointer]:
        source, at = self._place(pointer)
        return source.file, at
