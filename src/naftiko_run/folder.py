"""Files below one folder, and nothing beside it: what a document's ``location`` opens to callers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAX_FILE_SIZE: Final = 10 * 1024 * 1024
"""The most bytes that are read of a file for a caller."""


class FileTooLarge(Exception):
    """A file that is over the limit."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder, or one file.

    Attributes:
        root: Where it is, links resolved.
    """

    root: Path

    @classmethod
    def at(cls, path: Path) -> Folder:
        """Give a folder that exists."""
        return cls(path.resolve())

    @property
    def is_file(self) -> bool:
        """Whether it is one file."""
        return self.root.is_file()

    def names(self) -> Iterator[str]:
        """Give the paths of its files, with ``/``, sorted; hidden ones and links that lead out are not told."""
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if self.find(name) is not None:
                yield name

    def find(self, name: str) -> Path | None:
        """Give the file of a name; None where there is none, or where it is not for callers.

        Args:
            name: A path below the folder, with ``/``; a caller may have made it up.
        """
        segments = name.split("/")
        if "\0" in name or any(not segment or segment.startswith(".") for segment in segments):
            return None
        try:
            path = (self.root / name).resolve(strict=True)
        except OSError:
            return None
        return path if path.is_relative_to(self.root) and path.is_file() else None

    def stamp(self, name: str) -> tuple[int, int] | None:
        """Give what changes when a file does: its time of change and its size; None where there is none."""
        path = self.root if self.is_file and not name else self.find(name)
        if path is None:
            return None
        state = path.stat()
        return state.st_mtime_ns, state.st_size

    def read(self, name: str, limit: int = MAX_FILE_SIZE) -> bytes | None:
        """Give a file's content; None where ``find`` gives none.

        Raises:
            FileTooLarge: It is over the limit.
        """
        path = self.root if self.is_file and not name else self.find(name)
        if path is None:
            return None
        with path.open("rb") as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            raise FileTooLarge(f"`{name or path.name}` is larger than {limit:,} bytes")
        return content
