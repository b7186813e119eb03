"""What much memory is moved to; asked of the kernel."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

_MOVED = """
import json, sys
from naftiko_run.serve.largepages import move_to_large_pages

kept = [[each] for each in range(int(sys.argv[1]))]


def memory():
    lines = [line.split() for line in open("/proc/self/smaps_rollup")][1:]
    return {name.rstrip(":"): int(size) for name, size, _ in lines}


before = memory()
move_to_large_pages()
print(json.dumps([before, memory()]))
"""

_SIZE = Path("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size")

pytestmark = pytest.mark.skipif(
    not _SIZE.exists() or tuple(map(int, platform.release().split(".")[:2])) < (6, 1),
    reason="pages are moved on request from Linux 6.1 on, where its large pages were not left out",
)


def memory_of(objects: int) -> tuple[dict[str, int], dict[str, int]]:
    """Give what a process with so many objects has in memory, in KB by kind: before they were moved, and after."""
    command = (sys.executable, "-c", _MOVED, str(objects))
    before, after = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return before, after


def test_much_memory_is_in_large_pages_then_and_is_no_more_than_before() -> None:
    before, after = memory_of(1_000_000)
    # How many there are to have is the machine's; some give them unasked.
    assert after["AnonHugePages"] >= max(before["AnonHugePages"], 16 * 1024)
    assert after["Rss"] < before["Rss"] * 1.1


def test_little_memory_is_left_as_it_is() -> None:
    before, after = memory_of(1_000)
    assert after["AnonHugePages"] == before["AnonHugePages"]
