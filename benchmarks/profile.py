"""Where the time goes: a profile of ours under load, for https://www.speedscope.app or any viewer of its format."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.calls import ERAS
from benchmarks.machine import cores
from benchmarks.starting import start
from benchmarks.subject import Subject, of_mcp, of_rest
from benchmarks.suite import upstream_running
from benchmarks.wrk import drive

NAMES: Final = ("rest", "mapping", "orchestrated", "mcp", "mcp-2025", "hand-written")
_CONNECTIONS: Final = 32


def profile(name: str, file: Path, seconds: int) -> int:
    """Write a profile; give py-spy's exit code.

    Args:
        name: What is profiled, one of ``NAMES``.
        file: Where to.
        seconds: How long.
    """
    with upstream_running() as (upstream, folder, own), ExitStack() as stack:
        subject = _subject(name, upstream, folder)
        server = start(subject, own, stack)
        load = threading.Thread(
            target=drive, args=([subject.call], server.port, cores()[1], _CONNECTIONS, seconds + 2)
        )
        load.start()
        spy = Path(sysconfig.get_path("scripts")) / "py-spy"
        command = (str(spy), "record", "--pid", str(server.pid), "--duration", str(seconds), "--rate", "500")
        ran = subprocess.run([*command, "--format", "speedscope", "--output", str(file)], check=False)
        load.join()
    if ran.returncode:
        sys.stderr.write("py-spy must be allowed to read other processes: run this as root\n")
    return ran.returncode


def _subject(name: str, upstream: str, folder: Path) -> Subject:
    ours = {
        each.era or each.name: each
        for each in (*of_rest(upstream, folder, quick=False), *of_mcp(upstream, quick=False))
        if each.family == "ours"
    }
    plain = [each for each in ours.values() if not each.era]
    by_name = dict(zip(NAMES, [*plain, *(ours[era] for era in ERAS)], strict=False))
    if name in by_name:
        return by_name[name]
    return next(each for each in of_rest(upstream, folder, quick=False) if each.family == name)
