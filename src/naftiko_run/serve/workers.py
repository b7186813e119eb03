"""Worker processes: forks of the parent, which has loaded the documents; a worker that exits is replaced.

The parent has no event loop and no threads, so that it can fork at any time. It only waits for signals, for workers
to become ready, and for workers to exit.
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
"""Signals within so many seconds count as one: a wrapper may forward a signal that its whole process group received."""

_STABLE_SECONDS: Final = 10.0
"""A worker that has run for so many seconds is replaced without delay, whatever the earlier failures."""

_INITIAL_BACKOFF: Final = 0.5
_MAX_BACKOFF: Final = 30.0
_KILL_GRACE: Final = 5.0
"""Seconds after the drain before a worker that is still running is killed."""

_PID: Final = struct.Struct("=i")
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

Work = Callable[[int, Callable[[], None]], None]
"""The function that a worker runs until it stops. Its arguments are a file descriptor that becomes readable when the
parent exits, and a callback for when the worker is ready."""


class WorkersFailed(ConfigurationError):
    """A worker exited before it was ready."""


class Workers:
    """A group of worker processes.

    The group starts a replacement for a worker that exits, with exponential backoff.

    Args:
        size: The number of workers.
        work: The function that each worker runs.
        drain: The maximum number of seconds that a worker needs to stop.
        started: Called once, when all workers are ready.
        stopping: Called when the workers start to stop.
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
        self._on_started = started
        self._on_stopping = stopping
        self._start_times: dict[int, float] = {}
        self._ready: set[int] = set()
        self._restart_times: list[float] = []
        self._failures = 0
        self._is_started = False
        self._stopping_since: float | None = None

    def run(self) -> None:
        """Run the workers until SIGINT or SIGTERM, then drain them.

        Raises:
            WorkersFailed: A worker exited before all were ready; the others were stopped.
        """
        with self._pipes(), self._signal_handlers():
            for _ in range(self._size):
                self._fork()
            while self._start_times or self._restart_times:
                self._wait()
        if not self._is_started and self._failures:
            raise WorkersFailed("a worker ended before it was ready; see the log above")

    @contextmanager
    def _pipes(self) -> Iterator[None]:
        with ExitStack() as stack:
            # Nothing is written to the first pipe: it closes when this process exits.
            self._parent_pipe, self._parent_end = os.pipe()
            self._notices, self._notice = os.pipe()
            self._signals, self._signal = os.pipe()
            for each in (
                self._parent_pipe,
                self._parent_end,
                self._notices,
                self._notice,
                self._signals,
                self._signal,
            ):
                stack.callback(os.close, each)
            os.set_blocking(self._signal, False)
            yield

    @contextmanager
    def _signal_handlers(self) -> Iterator[None]:
        """Write received signals to the signal pipe while the context is entered."""
        before = signal.set_wakeup_fd(self._signal)
        handlers = {each: signal.signal(each, _ignore) for each in (*_STOP_SIGNALS, signal.SIGCHLD)}
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            for each, handler in handlers.items():
                signal.signal(each, handler)

    def _fork(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
        pid = os.fork()
        if not pid:
            self._run_worker()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
        self._start_times[pid] = time.monotonic()
        _log.debug("worker %d has started", pid)

    def _run_worker(self) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for each in _STOP_SIGNALS:
                signal.signal(each, _exit_now)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
            for other in (self._parent_end, self._notices, self._signals, self._signal):
                os.close(other)
            self._work(self._parent_pipe, lambda: _notify(self._notice))
            code = 0
        except BaseException:  # noqa: BLE001 - the process exits: nothing else would log it
            _log.exception("a worker failed")
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _wait(self) -> None:
        """Wait for the next event and handle it."""
        now = time.monotonic()
        awaited = list(self._restart_times)
        if self._stopping_since is not None:
            awaited.append(self._stopping_since + self._drain + _KILL_GRACE)
        left = max(0.0, min(awaited) - now) if awaited else None
        readable, _, _ = select.select([self._signals, self._notices], [], [], left)
        if self._signals in readable:
            for number in os.read(self._signals, 512):
                if number in _STOP_SIGNALS:
                    self._stop(number)
        if self._notices in readable:
            self._on_notices(os.read(self._notices, 512 * _PID.size))
        self._reap()
        self._replace()

    def _on_notices(self, notices: bytes) -> None:
        self._ready.update(pid for (pid,) in _PID.iter_unpack(notices))
        if not self._is_started and len(self._ready) >= self._size:
            self._is_started = True
            self._on_started()

    def _reap(self) -> None:
        for pid in list(self._start_times):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            lived = time.monotonic() - self._start_times.pop(pid)
            code = os.waitstatus_to_exitcode(status)
            if self._stopping_since is not None:
                continue
            how = (
                f"was terminated by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"
            )
            self._failures = 1 if lived >= _STABLE_SECONDS else self._failures + 1
            if not self._is_started:
                _log.error("worker %d %s before it was ready", pid, how)
                self._stop(signal.SIGTERM)
                continue
            wait = (
                0.0
                if self._failures == 1
                else min(_MAX_BACKOFF, _INITIAL_BACKOFF * 2 ** (self._failures - 2))
            )
            _log.warning("worker %d %s; replacing it%s", pid, how, f" in {wait:g} s" if wait else "")
            self._restart_times.append(time.monotonic() + wait)

    def _replace(self) -> None:
        now = time.monotonic()
        if self._stopping_since is not None:
            if now >= self._stopping_since + self._drain + _KILL_GRACE:
                self._send(signal.SIGKILL)
            return
        due = [each for each in self._restart_times if each <= now]
        self._restart_times = [each for each in self._restart_times if each > now]
        for _ in due:
            self._fork()

    def _stop(self, number: int) -> None:
        if self._stopping_since is None:
            self._stopping_since = time.monotonic()
            self._restart_times.clear()
            self._on_stopping()
            self._send(signal.SIGTERM)
        elif number == signal.SIGINT and time.monotonic() - self._stopping_since > ONE_GESTURE:
            self._send(signal.SIGKILL)
            os._exit(130)

    def _send(self, number: signal.Signals) -> None:
        for pid in self._start_times:
            os.kill(pid, number)  # also after it has exited: its pid stays reserved until it is reaped


def _ignore(*_: object) -> None:
    """Do nothing: the signal number is written to the pipe."""


def _exit_now(*_: object) -> None:
    """Exit at once: a worker that does not accept connections yet has nothing to drain."""
    os._exit(0)


def _notify(notice: int) -> None:
    os.write(notice, _PID.pack(os.getpid()))
