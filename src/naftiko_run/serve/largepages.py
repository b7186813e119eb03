"""Large pages of memory, for what a process with many documents has loaded (Linux 6.1 and newer)."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_SIZE: Final = Path("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size")
_PROCESS: Final = Path("/proc/self")
_MAPPING: Final = re.compile(
    r"^(\w+)-(\w+) rw.p \w+ 00:00 0 +(?:\[heap\])?\nSize: +(\d+) kB\n(?:\w.*\n)*?Rss: +(\d+) kB$",
    re.MULTILINE,
)
"""Memory of the process's own, how much that is and how much of it is in use."""
_COLLAPSE: Final = 25
"""``MADV_COLLAPSE``, which Python's ``mmap`` does not name."""
_WORTHWHILE: Final = 64 * 1024 * 1024
"""In bytes. A processor keeps in mind where some thousand pages are: enough for a few documents."""
_IN_USE: Final = 0.9
"""The part of a mapping. What is not in use would take memory from then on."""


def move_to_large_pages() -> None:
    """Have the kernel put what was loaded into large pages, where that is much.

    A request reads a few lines of memory on each of some thirty pages of its document. With a thousand documents that
    are asked in turn, the processor would have to look up where each of these pages is. Best effort: what cannot be
    moved is left as it is, and so is all on systems that cannot.
    """
    try:
        size = int(_SIZE.read_text())
        if _own() < _WORTHWHILE:
            return
        mappings = [*_in_use((_PROCESS / "smaps").read_text())]
    except OSError:
        return
    import ctypes

    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for start, end in mappings:
        first, last = -(-start // size) * size, end // size * size
        if first < last:
            madvise(first, last - first, _COLLAPSE)


def _own() -> int:
    """Give how much memory the process has that is no file's, in bytes."""
    _, resident, shared, *_ = (_PROCESS / "statm").read_text().split()
    return (int(resident) - int(shared)) * mmap.PAGESIZE


def _in_use(mappings: str) -> Iterator[tuple[int, int]]:
    """Give where mappings that are in use start and end."""
    for start, end, size, resident in _MAPPING.findall(mappings):
        if int(resident) >= _IN_USE * int(size):
            yield int(start, 16), int(end, 16)
