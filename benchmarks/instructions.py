"""How many instructions a request takes, outside the kernel: the same to a percent or two, whatever else runs.

Where timings say little, on a busy machine or for a change of a few percent, this says more: callgrind counts.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from benchmarks.calls import PATIENCE, Call
from benchmarks.machine import provide_tools, tool
from benchmarks.processes import NotStarted, Server, started
from benchmarks.profile import NAMES, subjects
from benchmarks.sheets import Sheet
from benchmarks.subject import Subject
from benchmarks.suite import upstream_running

_CONNECTIONS: Final = 32
_WARM_UP: Final = 10
_EACH: Final = 40
"""How many requests each connection sends, one after the other."""
_TOTAL: Final = re.compile(r"^(?:summary|totals): (\d+)", re.MULTILINE)


def instructions(names: Sequence[str]) -> Sheet:
    """Count what requests take.

    Args:
        names: Some of ``profile.NAMES``.

    Raises:
        NotPossible: This machine has no valgrind, and cannot get it.
        NotStarted: The server did not start.
    """
    provide_tools("valgrind")
    with upstream_running() as (upstream, folder, own):
        found = subjects(upstream, folder)
        rows = []
        for name in names:
            subject, counts = found[NAMES[name]], folder / f"{name}.callgrind"
            command = _under_callgrind(subject, counts)
            with started(command, own, subject.call, subject.environment) as server:
                subject.check(server)
                rows.append([subject.name, f"{_count(server, subject.call, counts) / 1000:,.0f}"])
    return Sheet("Instructions", ("what answers", "thousands a request"), rows)


def _under_callgrind(subject: Subject, counts: Path) -> Callable[[int], list[str]]:
    callgrind = ("--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={counts}")
    return lambda port: [tool("valgrind"), *callgrind, sys.executable, *subject.command(port)]


def _count(server: Server, call: Call, counts: Path) -> float:
    _ask(call, server.port, _WARM_UP)
    _control(server, "--instr=on")
    _ask(call, server.port, 1)
    _control(server, "--zero")
    _ask(call, server.port, _EACH)
    _control(server, "--dump")
    total = _TOTAL.search(Path(f"{counts}.1").read_text(encoding="utf-8"))
    if total is None:
        raise NotStarted("callgrind counted nothing")
    return int(total[1]) / (_EACH * _CONNECTIONS)


def _control(server: Server, order: str) -> None:
    command = [tool("callgrind_control"), order, str(server.pid)]
    subprocess.run(command, capture_output=True, check=True)


def _ask(call: Call, port: int, times: int) -> None:
    """Send a call over each of the connections, so many times one after the other."""

    def ask(_: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        for _each in range(times):
            connection.request(call.method, call.path, call.body or None, call.headers)
            connection.getresponse().read()
        connection.close()

    with ThreadPoolExecutor(_CONNECTIONS) as threads:
        list(threads.map(ask, range(_CONNECTIONS)))
