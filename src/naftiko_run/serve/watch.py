"""Watch the files that documents consist of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_START_MILLISECONDS: Final = 100
"""After how many milliseconds without a change files are compared once: they may change before they are watched."""

Stamp = tuple[int, int, int]
"""The modification time, size and inode of a file."""


@dataclass(frozen=True, slots=True)
class WatchedFiles:
    """The files that documents consist of; some may not exist.

    Attributes:
        documents: The documents.
        files: Other files, such as imports.
        folders: Folders of which all files are watched, such as that of scripts.
        roots: Folders in which documents may be added.
    """

    documents: Collection[Path]
    files: Collection[Path] = ()
    folders: Collection[Path] = ()
    roots: Collection[Path] = ()

    def stamps(self) -> dict[Path, Stamp]:
        """Return the state of each file that exists."""
        below = (file for folder in self.folders for file in folder.rglob("*"))
        found = {}
        for file in (*self.documents, *self.files, *below):
            try:
                state = file.stat()
            except OSError:
                continue
            if not file.is_dir():
                found[file.absolute()] = (state.st_mtime_ns, state.st_size, state.st_ino)
        return found

    def watched_folders(self) -> set[Path]:
        """Return the folders in which something changes if a file does."""
        found = {_existing(file.absolute().parent) for file in (*self.documents, *self.files)}
        for folder in (*self.folders, *self.roots):
            found.add(_existing(folder.absolute()))
            found.update(each.absolute() for each in folder.rglob("*") if each.is_dir())
        return found


@dataclass(frozen=True, slots=True)
class FileChanges:
    """Changes of watched files.

    Attributes:
        changed: Files that were changed, added or removed, except ``deleted``.
        deleted: Documents that do not exist any more.
    """

    changed: tuple[Path, ...] = ()
    deleted: tuple[Path, ...] = ()


class Watcher:
    """Watches files from when it is created.

    Args:
        find: Returns the files to watch; called again after each change.
        loaded_at: When the documents were loaded, in nanoseconds: later changes are reported, too.
    """

    def __init__(self, find: Callable[[], WatchedFiles], loaded_at: int) -> None:
        self._find = find
        self._watched = find()
        self._stamps = {file: each for file, each in self._watched.stamps().items() if each[0] <= loaded_at}

    async def changes(self) -> AsyncIterator[FileChanges]:
        """Yield the changes, until cancelled."""
        from watchfiles import awatch  # imported lazily: few processes watch files

        while True:
            folders = await asyncio.to_thread(self._watched.watched_folders)
            is_first = True  # files may have changed before they were watched
            async for events in awatch(
                *folders,
                recursive=False,
                rust_timeout=_START_MILLISECONDS,
                yield_on_timeout=True,
                raise_interrupt=False,
            ):
                if not (events or is_first):
                    continue
                is_first = False
                found = await asyncio.to_thread(self._compare)
                if found.changed or found.deleted:
                    yield found
                if await asyncio.to_thread(self._watched.watched_folders) != folders:
                    break

    def _compare(self) -> FileChanges:
        """Return what has changed since the last comparison."""
        earlier = self._watched
        if not earlier.roots and earlier.stamps() == self._stamps:
            return FileChanges()
        self._watched = self._find()
        now = self._watched.stamps()
        before, self._stamps = self._stamps, now
        changed = [file for file in sorted({*before, *now}) if before.get(file) != now.get(file)]
        deleted = {each.absolute() for each in earlier.documents} - now.keys()
        return FileChanges(
            tuple(each for each in changed if each not in deleted),
            tuple(each for each in changed if each in deleted),
        )


def _existing(folder: Path) -> Path:
    """Return the nearest folder that exists."""
    return next(each for each in (folder, *folder.parents) if each.is_dir())
