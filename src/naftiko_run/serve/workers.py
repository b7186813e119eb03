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
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn, Protocol

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

RETIRE: Final = getattr(signal, "SIGUSR2", signal.SIGTERM)
"""Tells a worker to drain at once, because others have replaced it."""

Work = Callable[[int, int, Callable[[], None]], None]
"""The function that a worker runs until it stops. Its arguments are the worker's number in its group, a file descriptor
that becomes readable when the parent exits, and a callback for when the worker is ready, and again when it accepts no
connections any more after ``RETIRE``."""

Watch = Callable[[int, int], None]
"""The function that runs in a process of its own, and writes the paths of files that have changed, one per line. Its
arguments are the file descriptor for them, and one that becomes readable when the parent exits."""


class WorkersFailed(ConfigurationError):
    """A worker exited before it was ready."""


class WorkerEvents(Protocol):
    """What a group of workers reports to its owner."""

    def on_started(self) -> None:
        """Called once, when all workers are ready."""
        ...

    def on_stopping(self, number: int) -> None:
        """Called when the workers start to stop, with the signal that causes it; 0 for another cause."""
        ...

    def on_fork(self, number: int) -> None:
        """Called before a worker is started, with its number."""
        ...

    def on_exit(self, number: int) -> None:
        """Called when a worker has exited unexpectedly, with its number."""
        ...

    def reload(self, files: Sequence[Path]) -> Work | None:
        """Return what new workers run; None if the present ones are kept."""
        ...

    def on_reloaded(self, fault: WorkersFailed | None) -> None:
        """Called when new workers have replaced the others, or could not be started."""
        ...

    def on_hangup(self) -> bool:
        """Return whether SIGHUP means that the terminal was closed."""
        ...


class _StopRequested(BaseException):
    """A signal to stop arrived during a reload."""


@dataclass(slots=True)
class _Worker:
    number: int
    group: int
    started_at: float
    is_ready: bool = False
    is_accepting: bool = True
    retired_at: float | None = None


class Workers:
    """Groups of worker processes: one that serves, and during a reload the next one.

    A replacement is started for a worker that exits, with exponential backoff.

    Args:
        size: The number of workers.
        work: The function that each worker runs.
        drain: The maximum number of seconds that a worker needs to stop.
        events: Called when something happens.
        watch: Watches files; None if they are not watched.
    """

    def __init__(
        self, size: int, work: Work, drain: float, events: WorkerEvents, watch: Watch | None = None
    ) -> None:
        self._size = size
        self._work = {0: work}
        self._drain = drain
        self._events = events
        self._watch = watch
        self._watcher = 0
        self._group = 0
        """The group that serves."""
        self._next_group: int | None = None
        """The group that replaces it when all of its workers are ready."""
        self._retiring_group: int | None = None
        """The group that was replaced, until it accepts no connections any more."""
        self._workers: dict[int, _Worker] = {}
        self._restarts: list[tuple[float, int]] = []
        """When workers are replaced, with their numbers."""
        self._failures = 0
        self._is_started = False
        self._is_loading = False
        self._is_reload_due = False
        self._changed: list[Path] = []
        self._stopping_since: float | None = None

    def run(self) -> None:
        """Run the workers until SIGINT or SIGTERM, then drain them.

        Raises:
            WorkersFailed: A worker exited before all were ready; the others were stopped.
        """
        with self._pipes(), self._signal_handlers():
            for number in range(self._size):
                self._fork(number, self._group)
            if self._watch is not None:
                self._fork_watcher(self._watch)
            while self._workers or self._restarts:
                self._wait()
            if self._watcher:
                os.kill(self._watcher, signal.SIGKILL)
                os.waitpid(self._watcher, 0)
        if not self._is_started and self._failures:
            raise WorkersFailed("a worker ended before it was ready; see the log above")

    @contextmanager
    def _pipes(self) -> Iterator[None]:
        with ExitStack() as stack:
            # Nothing is written to the first pipe: it closes when this process exits.
            self._parent_pipe, self._parent_end = os.pipe()
            self._notices, self._notice = os.pipe()
            self._signals, self._signal = os.pipe()
            self._changes, self._change = os.pipe()
            for each in (
                self._parent_pipe,
                self._parent_end,
                self._notices,
                self._notice,
                self._signals,
                self._signal,
                self._changes,
                self._change,
            ):
                stack.callback(os.close, each)
            os.set_blocking(self._signal, False)
            yield

    @contextmanager
    def _signal_handlers(self) -> Iterator[None]:
        """Write received signals to the signal pipe while the context is entered."""
        before = signal.set_wakeup_fd(self._signal)
        numbers = (*_STOP_SIGNALS, signal.SIGCHLD, signal.SIGHUP)
        handlers = {each: signal.signal(each, self._on_signal) for each in numbers}
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            for each, handler in handlers.items():
                signal.signal(each, handler)

    def _on_signal(self, number: int, _: object) -> None:
        """Called in the main thread; the number of the signal is written to the pipe, too."""
        if self._is_loading and number in _STOP_SIGNALS:
            self._is_loading = False
            raise _StopRequested

    def _fork(self, number: int, group: int) -> None:
        self._events.on_fork(number)
        pid = self._fork_process()
        if not pid:
            self._run_child(
                lambda: self._work[group](number, self._parent_pipe, lambda: _notify(self._notice))
            )
        self._workers[pid] = _Worker(number, group, time.monotonic())
        _log.debug("worker %d has started", pid)

    def _fork_watcher(self, watch: Watch) -> None:
        self._watcher = self._fork_process()
        if not self._watcher:
            self._run_child(lambda: watch(self._change, self._parent_pipe))

    def _fork_process(self) -> int:
        """Fork; in the parent return the process id of the child, in the child 0 with the stop signals blocked."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
        pid = os.fork()
        if pid:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
        return pid

    def _run_child(self, run: Callable[[], None]) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            for each in (*_STOP_SIGNALS, RETIRE):
                signal.signal(each, _exit_now)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
            for other in (self._parent_end, self._notices, self._signals, self._signal, self._changes):
                os.close(other)
            run()
            code = 0
        except BaseException:  # noqa: BLE001 - the process exits: nothing else would log it
            _log.exception("a worker failed")
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _wait(self) -> None:
        """Wait for the next event and handle it."""
        now = time.monotonic()
        deadlines = [at for at, _ in self._restarts] + list(self._kill_times())
        left = max(0.0, min(deadlines) - now) if deadlines else None
        readable, _, _ = select.select([self._signals, self._notices, self._changes], [], [], left)
        if self._signals in readable:
            for number in os.read(self._signals, 512):
                if number in _STOP_SIGNALS:
                    self._stop(number)
                elif number == signal.SIGHUP:
                    self._on_hangup()
        if self._changes in readable:
            self._changed += map(Path, os.read(self._changes, 65536).decode().splitlines())
            self._is_reload_due = True
        if self._notices in readable:
            self._on_notices(os.read(self._notices, 512 * _PID.size))
        self._reap()
        self._kill_late()
        self._replace()
        if (
            self._is_reload_due
            and self._is_started
            and self._next_group is None
            and self._retiring_group is None
        ):
            self._reload()

    def _on_hangup(self) -> None:
        if self._events.on_hangup():
            self._stop(0)
        else:
            self._is_reload_due = True

    def _on_notices(self, notices: bytes) -> None:
        for (pid,) in _PID.iter_unpack(notices):
            worker = self._workers.get(pid)
            if worker is not None:
                worker.is_accepting = not worker.is_ready
                worker.is_ready = True
        if not self._is_started and self._is_ready(self._group):
            self._is_started = True
            self._events.on_started()
        elif self._next_group is not None and self._is_ready(self._next_group):
            self._retiring_group = self._group
            self._retire(self._group)
            self._group, self._next_group = self._next_group, None
            self._restarts.clear()
            self._failures = 0
        self._finish_reload()

    def _finish_reload(self) -> None:
        """Report that a reload is over once none of the earlier workers accepts connections."""
        group = self._retiring_group
        if group is not None and not any(
            each.is_accepting for each in self._workers.values() if each.group == group
        ):
            self._retiring_group = None
            self._events.on_reloaded(None)

    def _is_ready(self, group: int) -> bool:
        return sum(each.is_ready for each in self._workers.values() if each.group == group) >= self._size

    def _reload(self) -> None:
        """Start the workers of the next group, if there is something else to serve."""
        if self._stopping_since is not None:
            return
        self._is_reload_due = False
        files, self._changed = self._changed, []
        self._is_loading = True
        try:
            work = self._events.reload(files)
        except _StopRequested:
            return
        finally:
            self._is_loading = False
        if work is not None:
            self._next_group = max(self._work) + 1
            self._work = {self._group: self._work[self._group], self._next_group: work}
            for number in range(self._size):
                self._fork(number, self._next_group)

    def _retire(self, group: int) -> None:
        """Have the workers of a group drain and exit."""
        for pid, worker in self._workers.items():
            if worker.group == group:
                worker.retired_at = time.monotonic()
                os.kill(pid, RETIRE)
        self._work.pop(group)

    def _reap(self) -> None:
        if self._watcher and os.waitpid(self._watcher, os.WNOHANG)[0]:
            self._watcher = 0
            if self._stopping_since is None:
                _log.error("files are not watched any more: the process that watches them has exited")
        for pid in list(self._workers):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._on_exit(pid, self._workers.pop(pid), os.waitstatus_to_exitcode(status))

    def _on_exit(self, pid: int, worker: _Worker, code: int) -> None:
        if self._stopping_since is not None or worker.retired_at is not None:
            _log.debug("worker %d has stopped", pid)
            self._finish_reload()
            return
        how = f"was terminated by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"
        if worker.group == self._next_group:
            self._retire(worker.group)
            self._next_group = None
            self._events.on_reloaded(WorkersFailed(f"worker {pid} {how} before it was ready"))
            return
        self._events.on_exit(worker.number)
        lived = time.monotonic() - worker.started_at
        self._failures = 1 if lived >= _STABLE_SECONDS else self._failures + 1
        if not self._is_started:
            _log.error("worker %d %s before it was ready", pid, how)
            self._stop(0)
            return
        wait = 0.0 if self._failures == 1 else min(_MAX_BACKOFF, _INITIAL_BACKOFF * 2 ** (self._failures - 2))
        _log.warning("worker %d %s; replacing it%s", pid, how, f" in {wait:g} s" if wait else "")
        self._restarts.append((time.monotonic() + wait, worker.number))

    def _replace(self) -> None:
        if self._stopping_since is not None:
            return
        now = time.monotonic()
        due = [number for at, number in self._restarts if at <= now]
        self._restarts = [each for each in self._restarts if each[0] > now]
        for number in due:
            self._fork(number, self._group)

    def _kill_times(self) -> Iterator[float]:
        """Yield when workers are killed that should have stopped."""
        for worker in self._workers.values():
            since = worker.retired_at if self._stopping_since is None else self._stopping_since
            if since is not None:
                yield since + self._drain + _KILL_GRACE

    def _kill_late(self) -> None:
        now = time.monotonic()
        for pid, worker in self._workers.items():
            since = worker.retired_at if self._stopping_since is None else self._stopping_since
            if since is not None and now >= since + self._drain + _KILL_GRACE:
                os.kill(pid, signal.SIGKILL)

    def _stop(self, number: int) -> None:
        if self._stopping_since is None:
            self._stopping_since = time.monotonic()
            self._restarts.clear()
            self._events.on_stopping(number)
            self._send(signal.SIGTERM)
        elif number == signal.SIGINT and time.monotonic() - self._stopping_since > ONE_GESTURE:
            self._send(signal.SIGKILL)
            os._exit(130)

    def _send(self, number: signal.Signals) -> None:
        for pid in self._workers:
            os.kill(pid, number)  # also after it has exited: its pid stays reserved until it is reaped


def _exit_now(*_: object) -> None:
    """Exit at once: a worker that does not accept connections yet has nothing to drain."""
    os._exit(0)


def _notify(notice: int) -> None:
    os.write(notice, _PID.pack(os.getpid()))
