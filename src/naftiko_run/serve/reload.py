"""Reload: load the documents again off the event loop, and swap what is served."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from naftiko_run.capability import Capability
from naftiko_run.diagnostics import Diagnostic
from naftiko_run.errors import ConfigurationError, DocumentError, NaftikoError
from naftiko_run.expose.control.operations import ReloadOutcome
from naftiko_run.serve.generation import Generation
from naftiko_run.serve.mount import ServeSettings
from naftiko_run.serve.service import Service
from naftiko_run.serve.watch import WatchedFiles, Watcher

_log = logging.getLogger(__name__)

T = TypeVar("T")

_MAX_NAMES: Final = 3
"""How many files of one kind of change are named in the log."""


class ReloadRefused(ConfigurationError):
    """What was loaded is not served.

    Args:
        message: Why.
        diagnostics: The diagnostics that caused it.
        hint: How to fix it.
    """

    def __init__(self, message: str, diagnostics: Sequence[Diagnostic] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.diagnostics = tuple(diagnostics)


@dataclass(frozen=True, slots=True)
class Reloading:
    """How capabilities are loaded again.

    Attributes:
        load: Loads them, given those that are served. Called in a thread, or in the parent of the workers.
        report: Called with each outcome before it is logged.
        watched: Returns the files to watch; None if they are not watched.
        loaded_at: When the capabilities were loaded, in nanoseconds.
    """

    load: Callable[[Sequence[Capability]], Sequence[Capability]]
    report: Callable[[ReloadOutcome], None]
    watched: Callable[[], WatchedFiles] | None = None
    loaded_at: int = 0

    def watcher(self) -> Watcher | None:
        """Return what watches the files; None if they are not watched."""
        return Watcher(self.watched, self.loaded_at) if self.watched is not None else None


class Reloader:
    """Reloads a service, one reload at a time.

    Args:
        service: The service.
        settings: How it is served.
        reloading: How its capabilities are loaded.
    """

    def __init__(self, service: Service, settings: ServeSettings, reloading: Reloading) -> None:
        self._service = service
        self._settings = settings
        self._reloading = reloading
        self._current: asyncio.Task[ReloadOutcome] | None = None
        self._next: asyncio.Task[ReloadOutcome] | None = None
        self._files: list[Path] = []

    def request(self, files: Sequence[Path] = ()) -> asyncio.Task[ReloadOutcome]:
        """Reload soon; requests during a reload share the next one.

        Args:
            files: Files that have changed, for the log.
        """
        self._files += files
        if self._next is None:
            self._next = asyncio.get_running_loop().create_task(self._run(self._current))
        return self._next

    async def reload(self) -> ReloadOutcome:
        """Reload, and return the outcome."""
        return await asyncio.shield(self.request())

    def stop(self) -> None:
        """Cancel the reloads that are not complete."""
        for task in (self._current, self._next):
            if task is not None:
                task.cancel()

    async def _run(self, earlier: asyncio.Task[ReloadOutcome] | None) -> ReloadOutcome:
        if earlier is not None:
            await asyncio.wait([earlier])
        self._current, self._next = self._next, None
        files, self._files = self._files, []
        earlier_generation = self._service.generation
        attempt = Attempt(earlier_generation.capabilities, self._reloading, files)
        try:
            generation = await _in_thread(self._load, earlier_generation.capabilities)
            await self._service.swap(generation)
        except Exception as fault:  # noqa: BLE001 - reported; what was served before is still served
            return attempt.fail(fault)
        return attempt.succeed(
            generation.capabilities, port_changes(earlier_generation, generation), generation.skipped
        )

    def _load(self, served: Sequence[Capability]) -> Generation:
        return Generation(self._reloading.load(served), self._settings)


class WorkerReloader:
    """Reloads all workers, asked by one of them.

    Args:
        service: The service of this worker.
        reloading: How its capabilities are loaded.
    """

    def __init__(self, service: Service, reloading: Reloading) -> None:
        self._service = service
        self._reloading = reloading

    async def reload(self) -> ReloadOutcome:
        """Load the documents, and if that succeeds have the parent replace the workers."""
        served = self._service.generation.capabilities
        attempt = Attempt(served, self._reloading)
        try:
            loaded = await _in_thread(self._reloading.load, served)
        except Exception as fault:  # noqa: BLE001 - reported; what was served before is still served
            return attempt.fail(fault)
        os.kill(os.getppid(), signal.SIGHUP)
        changed = any(_file_changes(served, loaded, ()))
        return ReloadOutcome(ok=True, changed=changed, capabilities=tuple(loaded))


class Attempt:
    """One reload, whose outcome is reported and logged.

    Args:
        served: The capabilities that are served.
        reloading: How they are loaded.
        files: The files that have changed, as far as known.
    """

    def __init__(
        self, served: Sequence[Capability], reloading: Reloading, files: Sequence[Path] = ()
    ) -> None:
        self._reloading = reloading
        self._served = tuple(served)
        self._files = files
        self._began = time.perf_counter()

    def succeed(
        self,
        capabilities: Sequence[Capability],
        ports: Sequence[str],
        skipped: Sequence[ConfigurationError],
    ) -> ReloadOutcome:
        """Report that other capabilities are served now.

        Args:
            capabilities: The capabilities.
            ports: Descriptions of the ports that were opened and closed.
            skipped: Why some adapters are not served.
        """
        changes = [*_file_changes(self._served, capabilities, self._files), *ports]
        outcome = ReloadOutcome(ok=True, changed=bool(changes), capabilities=tuple(capabilities))
        self._reloading.report(outcome)
        for fault in skipped:
            _log.warning("%s%s", fault.message, f" ({fault.hint})" if fault.hint else "")
        _log.info("reloaded in %s: %s", self._elapsed(), "; ".join(changes) or "no document has changed")
        return outcome

    def fail(self, fault: Exception) -> ReloadOutcome:
        """Report that the same capabilities are served as before.

        Args:
            fault: Why.
        """
        diagnostics = fault.diagnostics if isinstance(fault, ReloadRefused | DocumentError) else ()
        outcome = ReloadOutcome(ok=False, diagnostics=diagnostics, capabilities=self._served)
        self._reloading.report(outcome)
        reason = fault.message if isinstance(fault, NaftikoError) else "an internal error occurred"
        hint = f" ({fault.hint})" if isinstance(fault, NaftikoError) and fault.hint else ""
        _log.error(
            "not reloaded, after %s: %s%s; still serving what was loaded before",
            self._elapsed(),
            reason,
            hint,
            exc_info=None if isinstance(fault, NaftikoError) else fault,
        )
        return outcome

    def _elapsed(self) -> str:
        return f"{(time.perf_counter() - self._began) * 1000:.0f} ms"


def _file_changes(
    earlier: Sequence[Capability], later: Sequence[Capability], files: Sequence[Path]
) -> Iterator[str]:
    """Yield what has changed between two sets of capabilities, with names of files."""
    before = {name: digest for each in earlier for name, digest in each.fingerprints.items()}
    after = {name: digest for each in later for name, digest in each.fingerprints.items()}
    found = {
        "changed": [name for name, digest in after.items() if name in before and before[name] != digest],
        "added": [name for name in after if name not in before],
        "removed": [name for name in before if name not in after],
    }
    named = {Path(name).absolute() for names in found.values() for name in names}
    found["changed"] += [_shown(file) for file in files if file not in named]
    for what, names in found.items():
        if names:
            each = list(dict.fromkeys(names))
            more = f" and {len(each) - _MAX_NAMES} more" if len(each) > _MAX_NAMES else ""
            yield f"{what} {', '.join(each[:_MAX_NAMES])}{more}"


def port_changes(earlier: Generation, later: Generation) -> list[str]:
    """Return the ports that were opened and closed."""
    opened = [f"opened port {at[1]}" for at in later.mounts if at not in earlier.mounts]
    return opened + [f"closed port {at[1]}" for at in earlier.mounts if at not in later.mounts]


def _shown(file: Path) -> str:
    with suppress(ValueError):
        return str(file.relative_to(Path.cwd()))
    return str(file)


async def _in_thread(function: Callable[[Sequence[Capability]], T], served: Sequence[Capability]) -> T:
    """Call a function in a daemon thread, which does not delay the exit of the process."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def finish(value: T | None, fault: BaseException | None) -> None:
        if not result.done():
            if fault is not None:
                result.set_exception(fault)
            else:
                result.set_result(value)  # type: ignore[arg-type]  # the value of a call that did not fail

    def run() -> None:
        value, fault = None, None
        try:
            value = function(served)
        except BaseException as error:  # noqa: BLE001 - raised by the caller
            fault = error
        with suppress(RuntimeError):  # the event loop is closed
            loop.call_soon_threadsafe(finish, value, fault)

    threading.Thread(target=run, name="reload", daemon=True).start()
    return await result
