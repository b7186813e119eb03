"""The files of one skill: those of its folder, and a generated ``SKILL.md`` where the folder has none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from naftiko_run.document.model import SKILL_FILE
from naftiko_run.folder import FileTooLarge, Folder

MAX_DOWNLOAD: Final = 50 * 1024 * 1024
"""The maximum total size of the files of a skill in one download, in bytes."""
_UNIX: Final = 3
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time in the zip format; a fixed time makes archives reproducible."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files of one skill. Its methods block on file access: call them in a thread.

    Attributes:
        made: The generated ``SKILL.md``, used where the folder has none.
        folder: The folder of the skill; None where it has no files of its own.
    """

    made: bytes
    folder: Folder | None

    def names(self) -> list[str]:
        """Return the sorted paths of the files, with ``/`` as separator."""
        names = {SKILL_FILE, *self.folder.names()} if self.folder else {SKILL_FILE}
        return sorted(names)

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; None where there is no such file, or it is not served.

        Raises:
            FileTooLarge: It exceeds the limit.
        """
        content = self.folder.read(name) if self.folder else None
        return self.made if content is None and name == SKILL_FILE else content

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Yield the path and the size in bytes of each file."""
        for name in self.names():
            path = self.folder.find(name) if self.folder else None
            yield name, path.stat().st_size if path else len(self.made)

    def archive(self) -> bytes:
        """Return all files as a zip archive; the same files result in the same bytes.

        Raises:
            FileTooLarge: One of the files, or their total size, exceeds the limit.
        """
        if sum(size for _, size in self.sizes()) > MAX_DOWNLOAD:
            raise FileTooLarge(f"the files are larger than {MAX_DOWNLOAD:,} bytes together")
        buffer = BytesIO()
        with ZipFile(buffer, "w") as archive:
            for name in self.names():
                content = self.read(name)
                if content is not None:  # None if it was deleted in the meantime
                    archive.writestr(self._entry(name), content)
        return buffer.getvalue()

    def _entry(self, name: str) -> ZipInfo:
        path = self.folder.find(name) if self.folder else None
        is_program = path is not None and bool(path.stat().st_mode & 0o111)
        entry = ZipInfo(name, _EPOCH)
        entry.compress_type = ZIP_DEFLATED
        entry.create_system = _UNIX
        entry.external_attr = (0o755 if is_program else 0o644) << 16
        return entry
