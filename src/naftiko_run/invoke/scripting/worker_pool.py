"""The pool of worker processes: started on demand, reused, and killed if a script does not stop."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

from naftiko_run.invoke.scripting.program import MAX_CONCURRENT_SCRIPTS

_PROGRAM: Final = Path(__file__).with_name("javascript_worker.py")


class Worker:
    """One worker process, which runs one job at a time."""

    def __init__(self) -> None:
        # A process group of its own: Ctrl-C is for the server, which lets running scripts finish.
        self._process = subprocess.Popen(  # noqa: S603 # our own program
            [sys.executable, "-S", "-P", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._is_ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, job: dict[str, Any]) -> dict[str, Any]:
        """Run a job and return its reply; if the process ends meanwhile, the failure is `time` or `crash`."""
        started = time.monotonic()
        assert self._process.stdin
        assert self._process.stdout
        message = json.dumps(job).encode()
        try:
            self._process.stdin.write(len(message).to_bytes(4, "big") + message)
            self._process.stdin.flush()
            head = self._process.stdout.read(4)
            reply = self._process.stdout.read(int.from_bytes(head, "big"))
        except OSError:
            reply = b""
        if not reply:
            self.kill()
            return {"failure": "time" if time.monotonic() - started >= job["seconds"] else "crash"}
        result: dict[str, Any] = json.loads(reply)
        return result

    @property
    def is_alive(self) -> bool:
        """Whether the process can run a job."""
        return not self._is_ended and self._process.poll() is None

    def kill(self) -> None:
        """Kill the process, from any thread."""
        self._is_ended = True
        self._process.kill()

    def close(self) -> None:
        """Kill the process and release its resources."""
        self.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()


class QueuedJob:
    """One job, from the queue to its reply."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._worker: Worker | None = None
        self._is_cancelled = False
        self._lock = threading.Lock()

    @classmethod
    async def run(cls, job: dict[str, Any]) -> dict[str, Any]:
        """Run a job in a worker, outside the event loop; cancelling kills the worker."""
        queued = cls(job)
        waiting = asyncio.wrap_future(_threads().submit(queued.execute))
        try:
            return await waiting
        except asyncio.CancelledError:
            queued.cancel()
            raise

    def execute(self) -> dict[str, Any]:
        """Run the job in the worker of this thread."""
        with self._lock:
            if self._is_cancelled:
                return {}
            worker = self._worker = _workers.get()
        reply = worker.run(self._job)
        with self._lock:
            self._worker = None  # now it belongs to the next job
        return reply

    def cancel(self) -> None:
        """Cancel the job, whether it is queued or running."""
        with self._lock:
            self._is_cancelled = True
            if self._worker:
                self._worker.kill()


class _Workers(threading.local):
    """The worker of each thread."""

    worker: Worker | None = None

    def get(self) -> Worker:
        if self.worker and not self.worker.is_alive:
            _open.discard(self.worker)
            self.worker.close()
            self.worker = None
        if self.worker is None:
            self.worker = Worker()
            _open.add(self.worker)
        return self.worker


_open: Final[set[Worker]] = set()
_workers: Final = _Workers()


@cache
def _threads() -> ThreadPoolExecutor:
    atexit.register(_close)
    return ThreadPoolExecutor(MAX_CONCURRENT_SCRIPTS, thread_name_prefix="script")


def _close() -> None:
    for worker in list(_open):
        worker.close()


def _environment() -> dict[str, str]:
    """Return the environment of a worker: only what it needs to import Python modules."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
