"""The machine: its cores, what is installed on it, and the tools that it must have."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

TOOLS: Final = {"nginx": "nginx", "wrk": "wrk"}
"""What must be installed: command, and package."""
PACKAGES: Final = ("naftiko-run", "uvicorn", "uvloop", "httptools", "starlette", "httpx", "mcp", "fastmcp")


_QUIET: Final = 0.7
"""The load average up to which others leave the machine to us."""


class NotPossible(Exception):
    """This machine cannot run the benchmark; says why, and what to do."""


def cores() -> tuple[int, int]:
    """Give the core of what is measured, and that of what drives it: the same where there is but one."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[min(1, len(usable) - 1)]


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Have the processes that are started here run on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def provide_tools(*more: str) -> None:
    """See that nginx and wrk are there; as root, install them with apt-get where they are not.

    Args:
        more: Commands that are needed too, each of the package of its name.

    Raises:
        NotPossible: They are not, and cannot be installed; or this is not Linux; or FastMCP is not there.
    """
    if not sys.platform.startswith("linux"):
        raise NotPossible("The benchmark pins processes to cores and reads /proc: it needs Linux.")
    if find_spec("fastmcp") is None:
        raise NotPossible(
            "What ours is compared with is not installed: `make bench` does that, and runs this."
        )
    needed = {**TOOLS, **{each: each for each in more}}
    missing = [package for command, package in needed.items() if shutil.which(command, path=_path()) is None]
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NotPossible(
            f"The benchmark needs {' and '.join(missing)}. On Debian or Ubuntu:"
            f" sudo apt-get install {' '.join(missing)}"
        )
    sys.stderr.write(f"Installing {' and '.join(missing)} with apt-get\n")
    # With this run level Debian's packages install their services without starting them.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    quiet = ("apt-get", "-qq", "-o", "Dpkg::Use-Pty=0")
    install = (*quiet, "install", "--yes", "--no-install-recommends", *missing)
    for command in ((*quiet, "update"), install):
        if subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode:
            raise NotPossible(f"`{' '.join(command)}` failed")


def tool(command: str) -> str:
    """Give the path of a tool."""
    return shutil.which(command, path=_path()) or command


def _path() -> str:
    """Give where tools are looked for: nginx is a server, and its place not on everybody's path."""
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])


def versions() -> dict[str, str]:
    """Give the versions of everything that takes part."""
    return {
        "Python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
        "nginx": _said(["nginx", "-v"], r"nginx/([\d.]+)"),
        "wrk": _said(["wrk", "-v"], r"wrk \D*([\d.]+)"),
    }


def description() -> str:
    """Say what machine this is, without its name."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"^model name\s*: (.+)$", info, re.MULTILINE)
    own, load = cores()
    words = [f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores, Linux"]
    if own == load:
        words.append("one core for all: the load takes its share of what is measured")
    else:
        words.append(f"what is measured on core {own}, the upstream and wrk on core {load}")
    busy = os.getloadavg()[0]
    if busy > _QUIET:
        words.append(f"**the machine was busy with other things** (load average {busy:.1f}): run it again")
    return "; ".join(words)


def _said(command: list[str], pattern: str) -> str:
    ran = subprocess.run([tool(command[0]), *command[1:]], capture_output=True, text=True, check=False)
    found = re.search(pattern, ran.stdout + ran.stderr)
    return found[1] if found else "unknown"
