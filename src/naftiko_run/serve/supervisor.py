"""Supervisor: serves capabilities until SIGINT or SIGTERM, and reloads them on SIGHUP or when a file changes."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from naftiko_run.capability import Capability
from naftiko_run.errors import ConfigurationError
from naftiko_run.expose import Adapter
from naftiko_run.secret import Secret
from naftiko_run.serve.generation import Generation
from naftiko_run.serve.mount import ServeSettings
from naftiko_run.serve.operations import ProcessOperations, with_operations
from naftiko_run.serve.reload import Attempt, Reloader, Reloading, WorkerReloader, port_changes
from naftiko_run.serve.service import Service
from naftiko_run.serve.site import Address, Site
from naftiko_run.serve.watch import FileChanges, Watcher
from naftiko_run.serve.workers import ONE_GESTURE, RETIRE, Work, Workers, WorkersFailed

_log = logging.getLogger(__name__)

Started = Callable[[Sequence[Site], Adapter | None, Sequence[ConfigurationError]], None]
"""A callback with the sites, the adapter on stdin and stdout, and why some adapters are not served."""


def serve(
    capabilities: Sequence[Capability],
    settings: ServeSettings | None = None,
    started: Started | None = None,
    on_ready: Callable[[], None] | None = None,
    reloading: Reloading | None = None,
) -> None:
    """Serve capabilities until SIGINT or SIGTERM, then drain.

    If an adapter is served on stdin and stdout, the process also exits when its client disconnects.

    A second Ctrl-C exits without waiting for requests in flight.

    Args:
        capabilities: The capabilities to serve; documents with the same port share it.
        settings: How they are served.
        started: Called once, when all sites accept connections.
        on_ready: Called after ``started``, in each process that serves.
        reloading: How the capabilities are loaded again, on SIGHUP; None if they are not.

    Raises:
        PortUnavailable: A port cannot be bound.
        RouteClash: Two adapters on one port have conflicting routes, and ``refuses_clashes`` is set.
        ConfigurationError: The adapter on stdin and stdout is ambiguous; or several workers are configured, which
            the platform or the stdio adapter does not support.
    """
    settings = settings or ServeSettings()
    if reloading is not None:
        # Clients return state to adapters that have replaced the one that they have it from.
        key = settings.state_key or Secret(secrets.token_hex())
        settings = replace(settings, is_reloadable=True, state_key=key)
    settings = with_operations(settings)
    if settings.workers > 1:
        _serve_in_workers(capabilities, settings, started, on_ready, reloading)
        return
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(capabilities, settings, started, on_ready, reloading))


async def _serve(
    capabilities: Sequence[Capability],
    settings: ServeSettings,
    started: Started | None,
    on_ready: Callable[[], None] | None,
    reloading: Reloading | None,
) -> None:
    stop = asyncio.Event()
    generation = Generation(capabilities, settings)
    on_stdio = generation.stdio
    service = Service(generation, settings)
    async with service.running(generation.open_ports()):
        _on_signals(stop, partial(_log_stop, settings.drain_delay))
        async with _reloads(service, settings, reloading, stop):
            if started is not None:
                started(service.sites, on_stdio, generation.skipped)
            if on_ready is not None:
                on_ready()
            if on_stdio is not None and on_stdio.stdio is not None:
                has_client = await on_stdio.stdio(stop, settings.drain)
                if has_client or settings.stdio or not service.sites:
                    return
                _log.info("there is no client on stdin; adapters with a port are still served")
            await stop.wait()
        await _end_readiness(service, settings.drain_delay)
    await _close_telemetry(settings)


async def _close_telemetry(settings: ServeSettings) -> None:
    """Export what is not exported yet."""
    if settings.telemetry is not None:
        await asyncio.to_thread(settings.telemetry.close)


def _log_stop(delay: float, number: int) -> None:
    """Log that a signal stops the process."""
    accepting = f"; new connections are accepted for another {delay:g} s" if delay else ""
    _log.info("received %s; stopping%s", signal.Signals(number).name, accepting)


async def _end_readiness(service: Service, delay: float) -> None:
    """Make the service not ready, and wait until load balancers send it no more requests."""
    service.drain()
    if delay:
        await asyncio.sleep(delay)


@asynccontextmanager
async def _reloads(
    service: Service, settings: ServeSettings, reloading: Reloading | None, stop: asyncio.Event
) -> AsyncIterator[None]:
    """Reload on SIGHUP, and when a watched file changes, while the context is entered."""
    if reloading is None:
        yield
        return
    reloader = Reloader(service, settings, reloading)
    if isinstance(settings.operations, ProcessOperations):
        settings.operations.reloads = reloader.reload
    watcher = await asyncio.to_thread(reloading.watcher)
    watching = asyncio.create_task(_watch(watcher, reloader)) if watcher is not None else None
    if sys.platform != "win32":
        had_terminal = _has_terminal()

        def on_hangup() -> None:
            if had_terminal and not _has_terminal():
                stop.set()
            else:
                _log.info("received SIGHUP; reloading")
                reloader.request()

        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, on_hangup)
    try:
        yield
    finally:
        if watching is not None:
            watching.cancel()
        reloader.stop()


async def _watch(watcher: Watcher, reloader: Reloader) -> None:
    """Reload when a file changes."""
    async for each in watcher.changes():
        _log_deleted(each)
        if each.changed:
            reloader.request(each.changed)


def _log_deleted(changes: FileChanges) -> None:
    """Log the documents that were deleted; they are served until the next reload."""
    for file in changes.deleted:
        _log.warning("%s was deleted; what was loaded from it is still served", file)


def _serve_in_workers(
    capabilities: Sequence[Capability],
    settings: ServeSettings,
    started: Started | None,
    on_ready: Callable[[], None] | None,
    reloading: Reloading | None,
) -> None:
    if sys.platform == "win32":
        raise ConfigurationError(
            "several workers need fork, which Windows does not have",
            hint="start several processes, each on a port of its own, behind a load balancer",
        )
    generation = Generation(capabilities, settings)
    sites = generation.open_ports()
    fleet = _Fleet(generation, sites, settings, started=started, on_ready=on_ready, reloading=reloading)
    watcher = reloading.watcher() if reloading is not None else None
    watch = partial(_watch_for_workers, watcher) if watcher is not None else None
    longest = settings.drain + settings.drain_delay
    Workers(settings.workers, partial(fleet.work, generation), longest, fleet, watch).run()


class _Fleet:
    """The workers' generation and sockets: see ``WorkerEvents``.

    The parent keeps the listening sockets of all workers, so that a worker that replaces another one accepts the
    connections that are waiting on its socket.

    Args:
        generation: The generation that is served.
        sites: Its bound ports.
        settings: How it is served.
        started: Called once, when all workers are ready.
        on_ready: Called in each worker when it is ready.
        reloading: How the capabilities are loaded again; None if they are not.
    """

    def __init__(
        self,
        generation: Generation,
        sites: Sequence[Site],
        settings: ServeSettings,
        *,
        started: Started | None,
        on_ready: Callable[[], None] | None,
        reloading: Reloading | None,
    ) -> None:
        self._generation = generation
        self._settings = settings
        self._started = started
        self._on_ready = on_ready
        self._reloading = reloading
        self._had_terminal = _has_terminal()
        self._sites: dict[Address, Site] = {each.address: each for each in sites}
        """The bound ports, on which nothing listens where each worker has a socket of its own."""
        self._listening: dict[int, dict[Address, Site]] = {}
        """The listening sockets of each worker."""
        self._next: tuple[Generation, Attempt] | None = None

    def work(self, generation: Generation, number: int, parent_pipe: int, notify: Callable[[], None]) -> None:
        """Serve a generation in a worker; see ``Work``."""
        own = self._listening[number]
        kept = {id(each.socket) for each in own.values()}
        for listening in self._listening.values():
            for site in listening.values():
                if id(site.socket) not in kept:  # where nothing distributes connections, workers share one
                    site.socket.close()
        sites = [each.serving(generation.mounts[at]) for at, each in own.items() if at in generation.mounts]
        service = Service(generation, self._settings)
        if self._reloading is not None and isinstance(self._settings.operations, ProcessOperations):
            self._settings.operations.reloads = WorkerReloader(service, self._reloading).reload
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(
                _work(service, sites, self._settings, parent_pipe, notify=notify, on_ready=self._on_ready)
            )

    def on_started(self) -> None:
        """Called once, when all workers are ready."""
        if self._started is not None:
            self._started(list(self._sites.values()), None, self._generation.skipped)

    def on_stopping(self, number: int) -> None:
        """Close the sockets, of which workers have copies."""
        if number:
            _log_stop(self._settings.drain_delay, number)
        for site in (*self._sites.values(), *(s for each in self._listening.values() for s in each.values())):
            site.socket.close()

    def on_fork(self, number: int) -> None:
        """Open the listening sockets of a worker that are not open."""
        listening = self._listening.setdefault(number, {})
        for at, site in self._sites.items():
            if at not in listening:
                listening[at] = site.for_worker()

    def on_exit(self, number: int) -> None:
        """Close the listening sockets of a worker, so that others get its connections until it is replaced."""
        for at, site in self._listening.pop(number, {}).items():
            if site.socket is not self._sites[at].socket:
                site.socket.close()

    def reload(self, files: Sequence[Path]) -> Work | None:
        """Load the capabilities again; see ``WorkerEvents.reload``."""
        if self._reloading is None:
            return None
        served = self._generation.capabilities
        attempt = Attempt(served, self._reloading, files)
        try:
            generation = Generation(self._reloading.load(served), self._settings)
            self._sites |= {each.address: each for each in generation.open_ports(self._generation)}
        except Exception as fault:  # noqa: BLE001 - reported; what was served before is still served
            attempt.fail(fault)
            return None
        self._next = generation, attempt
        return partial(self.work, generation)

    def on_reloaded(self, fault: WorkersFailed | None) -> None:
        """Close the ports that are not served, and report the reload."""
        assert self._next is not None
        (generation, attempt), self._next = self._next, None
        if fault is None:
            earlier, self._generation = self._generation, generation
            attempt.succeed(generation.capabilities, port_changes(earlier, generation), generation.skipped)
        else:
            attempt.fail(fault)
        for at in [at for at in self._sites if at not in self._generation.mounts]:
            for listening in self._listening.values():
                if at in listening:
                    listening.pop(at).socket.close()
            self._sites.pop(at).socket.close()

    def on_hangup(self) -> bool:
        """Return whether SIGHUP means that the terminal was closed."""
        is_over = self._reloading is None or (self._had_terminal and not _has_terminal())
        if not is_over:
            _log.info("received SIGHUP; reloading")
        return is_over


async def _work(
    service: Service,
    sites: Sequence[Site],
    settings: ServeSettings,
    parent_pipe: int,
    *,
    notify: Callable[[], None],
    on_ready: Callable[[], None] | None,
) -> None:
    """Serve in a worker process until a signal arrives, other workers have replaced it, or the parent exits."""
    stop = asyncio.Event()
    is_replaced = False
    loop = asyncio.get_running_loop()

    def on_orphaned() -> None:
        loop.remove_reader(parent_pipe)
        stop.set()

    def on_retired() -> None:
        nonlocal is_replaced
        is_replaced = True
        service.stop_accepting()
        notify()
        stop.set()

    async with service.running(sites):
        _on_signals(stop, lambda _: None)  # the parent logs it
        loop.add_signal_handler(RETIRE, on_retired)
        loop.add_reader(parent_pipe, on_orphaned)
        notify()
        if on_ready is not None:
            on_ready()
        await stop.wait()
        await _end_readiness(service, 0 if is_replaced else settings.drain_delay)
    await _close_telemetry(settings)


def _watch_for_workers(watcher: Watcher, pipe: int, parent_pipe: int) -> None:
    """Write the files that have changed to a pipe, until the parent exits; see ``Watch``."""

    async def write_changes() -> None:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_reader(parent_pipe, task.cancel)
        async for each in watcher.changes():
            _log_deleted(each)
            if each.changed:
                os.write(pipe, "".join(f"{file}\n" for file in each.changed).encode())

    with suppress(asyncio.CancelledError), asyncio.Runner() as runner:
        runner.run(write_changes())


def _has_terminal() -> bool:
    """Return whether the process has a controlling terminal."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY))
    except OSError:
        return False
    return True


def _on_signals(stop: asyncio.Event, on_first: Callable[[int], None]) -> None:
    """Set an event on SIGINT and SIGTERM, and call a function with the first one."""
    loop = asyncio.get_running_loop()
    first = 0.0

    def on_signal(number: int) -> None:
        nonlocal first
        if not stop.is_set():
            first = loop.time()
            on_first(number)
            stop.set()
        elif number == signal.SIGINT and loop.time() - first > ONE_GESTURE:
            # Exit without unwinding, which would log every request in flight as an error.
            os._exit(130)

    for each in (signal.SIGINT, signal.SIGTERM):
        if sys.platform == "win32":
            signal.signal(each, lambda number, _: loop.call_soon_threadsafe(on_signal, number))
        else:
            loop.add_signal_handler(each, on_signal, each)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not available on Windows
        return None
    return uvloop.new_event_loop
