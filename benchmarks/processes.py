"""A server that is measured: started on its core, asked until it answers, read from ``/proc``."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from typing import IO, Final

from benchmarks.calls import Call
from benchmarks.machine import pinned

ROOT: Final = Path(__file__).parents[1]
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAUSE: Final = 0.002
_PATIENCE: Final = 180.0
"""Seconds that a start may take: a thousand documents take a while."""


class NotStarted(Exception):
    """A server did not come to answer; says what it wrote."""


class Server:
    """A server, with its child processes.

    Attributes:
        port: Where it answers.
        pid: Its process.
        seconds: From its start to its first answer.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int, seconds: float) -> None:
        self.port = port
        self.pid = process.pid
        self.seconds = seconds

    def cpu(self) -> float:
        """Give the seconds of processor time that it has taken."""
        stats = [_read(pid, "stat").rpartition(")")[2].split() for pid in self._tree()]
        return sum(int(each[11]) + int(each[12]) for each in stats if each) / _TICKS

    def resident(self) -> int:
        """Give the bytes of memory that it has now."""
        return self._status("VmRSS")

    def peak(self) -> int:
        """Give the most bytes of memory that it had since ``forget_peak``."""
        return self._status("VmHWM")

    def forget_peak(self) -> None:
        """Begin anew with ``peak``."""
        for pid in self._tree():
            with suppress(OSError):  # then it counts from the start
                Path(f"/proc/{pid}/clear_refs").write_text("5")

    def _status(self, key: str) -> int:
        lines = [line for pid in self._tree() for line in _read(pid, "status").splitlines()]
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:"))

    def _tree(self) -> list[int]:
        found = [self.pid]
        for pid in found:
            found += map(int, _read(pid, f"task/{pid}/children").split())
        return found


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8")
    except OSError:  # it ended, or this kernel tells no children
        return ""


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@contextmanager
def started(
    command: Callable[[int], Sequence[str]],
    core: int,
    probe: Call,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Start a server on a free port; end it in the end.

    Args:
        command: Its command line, of the port.
        core: Where it runs.
        probe: What it answers first, with a status below 300.
        environment: Variables that it gets besides ours.

    Raises:
        NotStarted: It ended, or did not come to answer, or with an error.
    """
    port = free_port()
    with tempfile.TemporaryFile() as said:
        begun = time.perf_counter()
        with pinned(core):
            process = subprocess.Popen(
                command(port),
                cwd=ROOT,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
        try:
            _wait(process, port, probe, said)
            yield Server(process, port, time.perf_counter() - begun)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, probe: Call, said: IO[bytes]) -> None:
    last = "nothing"
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            status, body = probe.send(port, seconds=5)
        except (OSError, HTTPException):
            time.sleep(_PAUSE)
            continue
        if status < 300:
            return
        last = f"{status} {body[:300]!r}"
        break
    said.seek(0)
    raise NotStarted(
        f"{Path(str(process.args[0])).name}: {probe.method} {probe.path} got {last}\n"  # type: ignore[index]  # a list, as it was given
        + said.read()[-2_000:].decode(errors="replace")
    )
