"""The files under one folder, which a document's ``location`` makes available to callers, and their media types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from mimetypes import MimeTypes
from pathlib import Path
from typing import Final

MAX_FILE_SIZE: Final = 10 * 1024 * 1024
"""Maximum size of a file that is served to callers, in bytes."""


class FileTooLarge(Exception):
    """A file is larger than the limit."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder, or one file.

    Attributes:
        root: Its path, with symbolic links resolved.
    """

    root: Path

    @classmethod
    def at(cls, path: Path) -> Folder:
        """Return the folder at an existing path."""
        return cls(path.resolve())

    @property
    def is_file(self) -> bool:
        """Whether this is a single file."""
        return self.root.is_file()

    def names(self) -> Iterator[str]:
        """Yield the sorted relative paths of its files, with ``/``, without hidden files and links to outside."""
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if self.find(name) is not None:
                yield name

    def find(self, name: str) -> Path | None:
        """Return the path of a file; None if it does not exist, is hidden, or is outside the folder.

        Args:
            name: A relative path, with ``/``; untrusted.
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
        """Return the modification time and size of a file; None if ``find`` returns none."""
        path = self.root if self.is_file and not name else self.find(name)
        if path is None:
            return None
        state = path.stat()
        return state.st_mtime_ns, state.st_size

    def read(self, name: str, limit: int = MAX_FILE_SIZE) -> bytes | None:
        """Return the content of a file; None if ``find`` returns none.

        Raises:
            FileTooLarge: The file is larger than the limit.
        """
        path = self.root if self.is_file and not name else self.find(name)
        if path is None:
            return None
        with path.open("rb") as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            raise FileTooLarge(f"`{name or path.name}` is larger than {limit:,} bytes")
        return content


_TYPES: Final = MimeTypes()
"""The table of Python, without that of the operating system: the same on every machine."""

for _suffix, _type in {
    ".js": "text/javascript",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".toml": "application/toml",
    ".ts": "text/x-typescript",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}.items():
    _TYPES.add_type(_type, _suffix)


def media_type_of(name: str) -> str:
    """Return the media type of a file by its name; ``application/octet-stream`` where it is unknown."""
    return _TYPES.guess_type(name)[0] or "application/octet-stream"
