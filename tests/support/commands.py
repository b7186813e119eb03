"""Starts of ``naftiko-run`` and ``naftiko``: processes of their own, without the time that their imports take.

They are forks of a process that has only imported (``support.forkserver``). Where the interpreter itself is to
start otherwise - a variable is for Python, or the texts are not UTF-8 - the command is started by its path.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from typing import IO, Final, Self

from support.forkserver import INTEGER

SCRIPTS: Final = Path(sysconfig.get_path("scripts"))
_SERVER: Final = Path(__file__).with_name("forkserver.py")
_FORKS: Final = hasattr(os, "fork")
_ASKING = Lock()


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process: what a test sets, and what the options of the test run ask for."""
    options = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("COVERAGE_") or name in ("NAFTIKO_HTTP_SERVER", "NAFTIKO_HTTP_CLIENT")
    }
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **options, **environment}


class Forked:
    """A command that runs; what it has is as with ``subprocess.Popen``."""

    def __init__(
        self,
        command: str,
        arguments: tuple[str, ...],
        *,
        environment: Mapping[str, str],
        cwd: Path,
        stdin: int,
        stdout: int,
        stderr: int,
    ) -> None:
        self.args = [command, *arguments]
        self.returncode: int | None = None
        theirs: list[int] = []
        passed: list[int] = []
        self.stdin = _reached(stdin, "wb", theirs, passed)
        self.stdout = _reached(stdout, "rb", theirs, passed)
        self.stderr = _reached(stderr, "rb", theirs, passed)
        self._line, far = socket.socketpair()
        start = {
            "command": command,
            "arguments": arguments,
            "environment": dict(environment),
            "cwd": str(cwd),
        }
        with far, _ASKING:
            socket.send_fds(_server(), [b"+"], [*passed, far.fileno()])
        for each in theirs:
            os.close(each)
        self._line.sendall(json.dumps(start).encode() + b"\n")
        self.pid = self._told()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self.stdout, self.stderr, self.stdin):
            if each is not None:
                each.close()
        self.wait()

    def poll(self) -> int | None:
        """Give the exit code, if it has ended."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended; give the exit code."""
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                self.returncode = self._told()
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(self.args, timeout or 0) from None
            self._line.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it, whatever it does."""
        self.send_signal(signal.SIGKILL)

    def _told(self) -> int:
        told = self._line.recv(INTEGER.size)
        assert told, f"nothing was told of {self.args}"
        number: int = INTEGER.unpack(told)[0]
        return number


def start(
    command: str,
    *arguments: str | Path,
    environment: Mapping[str, str],
    cwd: Path | None = None,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
    stderr: int = subprocess.DEVNULL,
) -> Forked | subprocess.Popen[bytes]:
    """Start a command.

    Args:
        command: ``naftiko-run`` or ``naftiko``.
        arguments: Its arguments.
        environment: All of its environment.
        cwd: Its working directory; this process's, if not told.
        stdin: A descriptor, ``subprocess.PIPE`` or ``subprocess.DEVNULL``.
        stdout: Likewise.
        stderr: Likewise.
    """
    words = tuple(map(str, arguments))
    if _FORKS and not any(map(_is_for_python, environment.items())):
        return Forked(
            command,
            words,
            environment=environment,
            cwd=cwd or Path.cwd(),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )
    return subprocess.Popen(
        [SCRIPTS / command, *words], env=environment, cwd=cwd, stdin=stdin, stdout=stdout, stderr=stderr
    )


def ended(
    command: str,
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; give what it wrote and its exit code.

    Args:
        command: ``naftiko-run`` or ``naftiko``.
        arguments: Its arguments.
        environment: Variables beside those that every process has.
        cwd: Its working directory; this process's, if not told.
        timeout: How many seconds it may take.
    """
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as out,
        tempfile.TemporaryFile("w+", encoding="utf-8") as err,
        start(
            command,
            *arguments,
            environment=clean_environment(environment or {}),
            cwd=cwd,
            stdout=out.fileno(),
            stderr=err.fileno(),
        ) as process,
    ):
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(process.args, code, out.read(), err.read())


def _is_for_python(variable: tuple[str, str]) -> bool:
    name, value = variable
    return name.startswith(("PYTHON", "LC_")) or (name == "LANG" and value != "C.UTF-8")


def _reached(wanted: int, mode: str, theirs: list[int], passed: list[int]) -> IO[bytes] | None:
    """Add the descriptor that the command gets, to ``theirs`` too if it is to be closed here; give our end of a pipe."""
    if wanted >= 0:
        passed.append(wanted)
        return None
    if wanted == subprocess.DEVNULL:
        theirs.append(os.open(os.devnull, os.O_RDWR))
        passed.append(theirs[-1])
        return None
    reading, writing = os.pipe()
    far, near = (reading, writing) if mode == "wb" else (writing, reading)
    theirs.append(far)
    passed.append(far)
    pipe: IO[bytes] = open(near, mode)  # noqa: PTH123, SIM115 - a descriptor, which whoever started it closes
    return pipe


@cache
def _server() -> socket.socket:
    """Start what forks, once; it ends when this process does."""
    near, far = socket.socketpair()
    with far:
        process = subprocess.Popen(
            [sys.executable, _SERVER, str(far.fileno()), SCRIPTS],
            env=clean_environment({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[far.fileno()],
        )

    @atexit.register
    def end() -> None:
        near.close()
        process.wait()

    return near
