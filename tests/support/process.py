"""``naftiko-run`` as a process, and what it says on stderr."""

from __future__ import annotations

import fcntl
import json
import re
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from support.commands import SCRIPTS, clean_environment, ended, start
from support.upstream import PATIENCE

ROOT = Path(__file__).parents[2]
COMMAND = SCRIPTS / "naftiko-run"
FREE_PORTS = ("--port", "rest=0", "--port", "mcp=0")
READY = "ready; stop with Ctrl-C"

_ADAPTER = re.compile(r"(?P<kind>\w+) (?P<url>http://\S+)  (?P<namespace>\S*)(?:  authentication: \S+)?\Z")


class Process:
    """A running ``naftiko-run``.

    Attributes:
        lines: What it wrote to stderr so far.
    """

    def __init__(self, arguments: tuple[str, ...], environment: Mapping[str, str]) -> None:
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._process = start(
            "naftiko-run", *arguments, environment=clean_environment(environment), stderr=subprocess.PIPE
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        """Everything that it wrote to stderr so far."""
        return "\n".join(self.lines)

    @property
    def messages(self) -> list[str]:
        """The messages that it logged so far, and the lines that it printed."""
        return [json.loads(line)["event"] if line.startswith("{") else line for line in self.lines]

    def wait_for_line(self, line: str) -> None:
        """Wait until it has written a line."""
        self.wait_for(lambda lines: line in lines, f"line {line!r}")

    def wait_for(self, has_come: Callable[[list[str]], bool], what: str) -> None:
        """Wait until what it has written satisfies a test."""
        with self._changed:
            self._changed.wait_for(lambda: has_come(self.lines) or not self._reader.is_alive(), PATIENCE * 2)
        assert has_come(self.lines), f"no {what} in:\n{self.text}"

    @property
    def children(self) -> set[int]:
        """The processes that it has started, and that have not ended (Linux)."""
        task = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return {int(each) for each in task.read_text().split()}

    def limit_descriptors(self, more: int) -> None:
        """Let it open only so many more files."""
        import resource

        highest = max(int(each.name) for each in Path(f"/proc/{self._process.pid}/fd").iterdir())
        limit = highest + 1 + more
        resource.prlimit(self._process.pid, resource.RLIMIT_NOFILE, (limit, limit))

    def peak_memory(self) -> int:
        """Give the most memory that it has had so far, in bytes (Linux)."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
        assert found is not None, status
        return int(found[1]) * 1024

    def url(self, kind: str) -> str:
        """Give the URL that it told for its adapter of a type."""
        for line in self.lines:
            found = _ADAPTER.match(line)
            if found and found["kind"] == kind:
                return found["url"]
        raise AssertionError(f"no {kind} adapter in:\n{self.text}")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """Wait until it ended; give its exit code."""
        code = self._process.wait(PATIENCE * 2)
        self._reader.join(PATIENCE)
        return code

    def wait_until_it_waits_for(self, pipe: IO[bytes]) -> None:
        """Wait until it has read all that is in a pipe, and waits for more.

        A signal in the moment before a read begins is heard when the read is over: Python runs nothing in between.
        """
        status = Path(f"/proc/{self._process.pid}/status")
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            unread = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]
            if not unread and (not status.exists() or "\nState:\tS" in status.read_text()):
                return
        raise AssertionError("it does not read")

    def has_ended(self, within: float) -> bool:
        """Say whether it ends in so many seconds."""
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            with self._changed:
                self.lines.append(line.decode().rstrip("\r\n"))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()


@contextmanager
def launched(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> Iterator[Process]:
    """Start ``naftiko-run``, and end it in the end."""
    process = Process(tuple(map(str, arguments)), environment or {})
    try:
        yield process
    finally:
        process.kill()


@contextmanager
def started(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> Iterator[Process]:
    """Start ``naftiko-run`` on free ports, wait until it is ready, and end it in the end."""
    with launched(*arguments, *FREE_PORTS, environment=environment) as process:
        process.wait_for_line(READY)
        yield process


def run(
    *arguments: str | Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``naftiko-run`` to its end."""
    return ended("naftiko-run", *arguments, environment=environment, timeout=PATIENCE * 2)
