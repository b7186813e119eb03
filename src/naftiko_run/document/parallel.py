"""Load many documents in worker processes: parsing and normalizing take most of the time of a start."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from typing import Final

from naftiko_run.diagnostics import Diagnostic
from naftiko_run.document.load import IsReplaced, LoadedDocument, load_document
from naftiko_run.errors import DocumentError, SharedDocument

MIN_DOCUMENTS: Final = 64
"""From how many documents on workers are worth their start."""
_CHUNK: Final = 32
"""How many documents a worker returns at a time; they share their equal texts."""

_Result = LoadedDocument | tuple[bool, tuple[Diagnostic, ...]]
"""A document, or whether a file only defines parts for others, and its diagnostics."""


def load_documents(
    paths: Sequence[Path], is_replaced: IsReplaced, processes: int | None = None
) -> Iterator[LoadedDocument | DocumentError]:
    """Load documents from files, in worker processes if there are many.

    Must not be called while other threads run.

    Args:
        paths: The files.
        is_replaced: See ``load_document``.
        processes: How many workers to use; None for one per core.

    Yields:
        The document of each file, in order, or the error.
    """
    processes = processes or os.cpu_count() or 1
    if processes == 1 or len(paths) < MIN_DOCUMENTS:
        results: Iterable[_Result] = (_load(is_replaced, path) for path in paths)
        yield from map(_unpack, results)
        return
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with ProcessPoolExecutor(processes, context, _exit_with_parent) as pool:
        yield from map(_unpack, pool.map(partial(_load, is_replaced), paths, chunksize=_CHUNK))


def _load(is_replaced: IsReplaced, path: Path) -> _Result:
    try:
        return load_document(path, is_replaced)
    except DocumentError as fault:
        return isinstance(fault, SharedDocument), fault.diagnostics


def _unpack(result: _Result) -> LoadedDocument | DocumentError:
    if isinstance(result, LoadedDocument):
        return result
    is_shared, diagnostics = result
    return (SharedDocument if is_shared else DocumentError)(diagnostics)


def _exit_with_parent() -> None:
    """Exit when the parent does, in whatever way: nothing else ends a worker that waits for its next document."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch(sentinel: int) -> None:
        wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, args=(parent.sentinel,), daemon=True).start()
