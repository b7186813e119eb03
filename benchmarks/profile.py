"""Where the time goes: a profile of ours under load, for https://www.speedscope.app, and its summary."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from benchmarks.calls import ERAS
from benchmarks.machine import cores
from benchmarks.report import DIRECT
from benchmarks.sheets import Sheet
from benchmarks.starting import start
from benchmarks.subject import Subject, of_mcp, of_rest
from benchmarks.suite import upstream_running
from benchmarks.wrk import drive

NAMES: Final = {
    "rest": DIRECT,
    "mapping": "ours, REST: five fields of a 2 KB answer",
    "orchestrated": "ours, REST: two calls and a lookup in 1,000 rows",
    "mcp": f"ours, MCP: a direct call, {ERAS[0]}",
    "mcp-2025": f"ours, MCP: a direct call, {ERAS[1]}",
    "hand-written": "hand-written, Starlette + httpx, a pool of 100",
}
"""What can be profiled."""
_CONNECTIONS: Final = 32
_SHOWN: Final = 25
_FOLDERS: Final = re.compile(r".*/(?:site-packages|src|lib/python[\d.]+)/")
"""What of a file's path says only where this machine has it."""


def profile(name: str, file: Path, seconds: int) -> int:
    """Write a profile; give py-spy's exit code.

    Args:
        name: What is profiled, one of ``NAMES``.
        file: Where to.
        seconds: How long.
    """
    with upstream_running() as (upstream, folder, own), ExitStack() as stack:
        subject = subjects(upstream, folder)[NAMES[name]]
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


def subjects(upstream: str, folder: Path) -> dict[str, Subject]:
    """Give everything that is compared, by name; see ``of_rest``."""
    every = (*of_rest(upstream, folder, quick=False), *of_mcp(upstream, quick=False))
    return {each.name: each for each in every}


def hottest(file: Path) -> Sheet:
    """Give the functions of a profile that took most time themselves."""
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    frames = [f"{each['name']} ({_FOLDERS.sub('', each['file'])})" for each in found["shared"]["frames"]]
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for one in found["profiles"]:
        for stack, weight in zip(one["samples"], one["weights"], strict=True):
            if stack:
                own[frames[stack[-1]]] += weight
                whole.update(dict.fromkeys((frames[index] for index in stack), weight))
    total = own.total()
    rows = [
        [name, f"{taken / total:.1%}", f"{whole[name] / total:.1%}"]
        for name, taken in own.most_common(_SHOWN)
    ]
    return Sheet("Where the time goes", ("function", "itself", "with what it calls"), rows)
