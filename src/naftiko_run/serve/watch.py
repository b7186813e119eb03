"""Watch the files that documents consist of."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)

_POLL_MILLISECONDS: Final = 1_000
"""How often the state is compared without a notification: files may change before they are watched."""

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


async def watch(find: Callable[[], WatchedFiles]) -> AsyncIterator[FileChanges]:
    """Yield the changes of files.

    Args:
        find: Returns the files to watch; called again after each change.
    """
    from watchfiles import awatch  # imported lazily: few processes watch files

    watched = await asyncio.to_thread(find)
    before = await asyncio.to_thread(watched.stamps)
    while True:
        folders = await asyncio.to_thread(watched.watched_folders)
        changes = awatch(
            *folders,
            recursive=False,
            rust_timeout=_POLL_MILLISECONDS,
            yield_on_timeout=True,
            raise_interrupt=False,
        )
        async for _ in changes:
            now_watched = await asyncio.to_thread(find)
            now = await asyncio.to_thread(now_watched.stamps)
            if found := tuple(_compare(before, now, watched.documents)):
                changed = tuple(each for each, is_deleted in found if not is_deleted)
                yield FileChanges(changed, tuple(each for each, is_deleted in found if is_deleted))
            before, watched = now, now_watched
            if await asyncio.to_thread(watched.watched_folders) != folders:
                break


def _compare(
    before: dict[Path, Stamp], now: dict[Path, Stamp], documents: Collection[Path]
) -> Iterator[tuple[Path, bool]]:
    """Yield each file that has changed, and whether it is a document that was deleted."""
    names = {each.absolute() for each in documents}
    for file in sorted({*before, *now}):
        if before.get(file) != now.get(file):
            yield file, file in names and file not in now


def _existing(folder: Path) -> Path:
    """Return the nearest folder that exists."""
    return next(each for each in (folder, *folder.parents) if each.is_dir())
