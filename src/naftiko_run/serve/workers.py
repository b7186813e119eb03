"""Worker processes: forks of the one that has loaded everything, on the same ports; one that dies is replaced.

The parent has no event loop and no threads, so that it can fork again at any time. It only waits: for signals, for
workers that are up, for workers that have ended.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final, NoReturn

from naftiko_run.errors import ConfigurationError

_log = logging.getLogger(__name__)

ONE_GESTURE: Final = 0.25
"""Seconds in which signals are one wish: a wrapper passes on what its whole group has got already."""

_STEADY: Final = 10.0
"""After so many seconds a worker that ends is replaced at once, whatever became of those before it."""

_FIRST_WAIT: Final = 0.5
_LONGEST_WAIT: Final = 30.0
_GRACE: Final = 5.0
"""Seconds beyond the drain after which a worker that has not ended is killed."""

_PID: Final = struct.Struct("=i")
_HEARD: Final = (signal.SIGINT, signal.SIGTERM)

Work = Callable[[int, Callable[[], None]], None]
"""What a worker does until it is to stop. Is given a file descriptor that can be read once the parent is no more, and
what to call as soon as it serves."""


class WorkersFailed(ConfigurationError):
    """A worker ended before it served anything."""


class Workers:
    """Processes that do the same work.

    Args:
        size: How many.
        work: What each does.
        drain: How many seconds they need at most to stop.
        started: Called once all are up.
        stopping: Called when they are told to stop.
    """

    def __init__(
        self,
        size: int,
        work: Work,
        drain: float,
        started: Callable[[], None],
        stopping: Callable[[], None],
    ) -> None:
        self._size = size
        self._work = work
        self._drain = drain
        self._started = started
        self._stopped = stopping
        self._born: dict[int, float] = {}
        self._up: set[int] = set()
        self._due: list[float] = []
        self._failures = 0
        self._is_up = False
        self._stopping: float | None = None

    def run(self) -> None:
        """Keep the workers at work until SIGINT or SIGTERM, then have them drain.

        Raises:
            WorkersFailed: One ended before all were up; the others are stopped.
        """
        with self._pipes(), self._hearing():
            for _ in range(self._size):
                self._fork()
            while self._born or self._due:
                self._wait()
        if not self._is_up and self._failures:
            raise WorkersFailed("a worker ended before it served anything; see the log above")

    @contextmanager
    def _pipes(self) -> Iterator[None]:
        with ExitStack() as stack:
            # Nobody writes to the first: its end is the end of this process.
            self._life, self._lifeline = os.pipe()
            self._notices, self._notice = os.pipe()
            self._signals, self._signal = os.pipe()
            for each in (
                self._life,
                self._lifeline,
                self._notices,
                self._notice,
                self._signals,
                self._signal,
            ):
                stack.callback(os.close, each)
            os.set_blocking(self._signal, False)
            yield

    @contextmanager
    def _hearing(self) -> Iterator[None]:
        """Have signals written to our pipe."""
        before = signal.set_wakeup_fd(self._signal)
        handlers = {each: signal.signal(each, _noted) for each in (*_HEARD, signal.SIGCHLD)}
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            for each, handler in handlers.items():
                signal.signal(each, handler)

    def _fork(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
        pid = os.fork()
        if not pid:
            self._be_worker()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
        self._born[pid] = time.monotonic()
        _log.debug("worker %d has started", pid)

    def _be_worker(self) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for each in _HEARD:
                signal.signal(each, _leave)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
            for other in (self._lifeline, self._notices, self._signals, self._signal):
                os.close(other)
            self._work(self._life, lambda: _tell(self._notice))
            code = 0
        except BaseException:  # noqa: BLE001 - the end of a process: nobody else would tell
            _log.exception("a worker failed")
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _wait(self) -> None:
        """Wait for one thing to happen, and act on it."""
        now = time.monotonic()
        awaited = list(self._due)
        if self._stopping is not None:
            awaited.append(self._stopping + self._drain + _GRACE)
        left = max(0.0, min(awaited) - now) if awaited else None
        readable, _, _ = select.select([self._signals, self._notices], [], [], left)
        if self._signals in readable:
            for number in os.read(self._signals, 512):
                if number in _HEARD:
                    self._stop(number)
        if self._notices in readable:
            self._note(os.read(self._notices, 512 * _PID.size))
        self._bury()
        self._replace()

    def _note(self, notices: bytes) -> None:
        self._up.update(pid for (pid,) in _PID.iter_unpack(notices))
        if not self._is_up and len(self._up) >= self._size:
            self._is_up = True
            self._started()

    def _bury(self) -> None:
        for pid in list(self._born):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            lived = time.monotonic() - self._born.pop(pid)
            code = os.waitstatus_to_exitcode(status)
            if self._stopping is not None:
                continue
            how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
            self._failures = 1 if lived >= _STEADY else self._failures + 1
            if not self._is_up:
                _log.error("worker %d %s before it served anything", pid, how)
                self._stop(signal.SIGTERM)
                continue
            wait = 0.0 if self._failures == 1 else min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (self._failures - 2))
            _log.warning(
                "worker %d %s; another takes its place%s", pid, how, f" in {wait:g} s" if wait else ""
            )
            self._due.append(time.monotonic() + wait)

    def _replace(self) -> None:
        now = time.monotonic()
        if self._stopping is not None:
            if now >= self._stopping + self._drain + _GRACE:
                self._send(signal.SIGKILL)
            return
        due = [each for each in self._due if each <= now]
        self._due = [each for each in self._due if each > now]
        for _ in due:
            self._fork()

    def _stop(self, number: int) -> None:
        if self._stopping is None:
            self._stopping = time.monotonic()
            self._due.clear()
            self._stopped()
            self._send(signal.SIGTERM)
        elif number == signal.SIGINT and time.monotonic() - self._stopping > ONE_GESTURE:
            self._send(signal.SIGKILL)
            os._exit(130)

    def _send(self, number: signal.Signals) -> None:
        for pid in self._born:
            os.kill(pid, number)  # not one that has ended: its number is ours until it is buried


def _noted(*_: object) -> None:
    """Do nothing: that a signal came is in the pipe."""


def _leave(*_: object) -> None:
    """End at once: until a worker listens there is nothing to drain."""
    os._exit(0)


def _tell(notice: int) -> None:
    os.write(notice, _PID.pack(os.getpid()))
