"""Supervisor: starts the sites, and drains them on SIGINT and SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from naftiko_run.capability import Capability
from naftiko_run.errors import ConfigurationError
from naftiko_run.expose import Adapter
from naftiko_run.serve.mount import ServeSettings, end_streams, running_adapters
from naftiko_run.serve.operations import ProcessOperations
from naftiko_run.serve.server import Server
from naftiko_run.serve.site import Site, build_sites
from naftiko_run.serve.stdio import stdio_adapter
from naftiko_run.serve.workers import ONE_GESTURE, Workers

_log = logging.getLogger(__name__)

Started = Callable[[Sequence[Site], Adapter | None], None]
"""A callback with the sites and the adapter on stdin and stdout."""


@asynccontextmanager
async def running(
    capabilities: Sequence[Capability], settings: ServeSettings
) -> AsyncIterator[tuple[Site, ...]]:
    """Serve capabilities while the context is entered; drain on exit.

    Yields:
        The sites, which accept connections.

    Raises:
        PortUnavailable: A port cannot be bound.
        RouteClash: Two adapters on one port have conflicting routes, and ``refuses_clashes`` is set.
    """
    operations, settings = _with_operations(capabilities, settings)
    operations.sites = sites = build_sites(capabilities, settings)
    async with _listening(operations, sites, settings):
        yield sites


def _with_operations(
    capabilities: Sequence[Capability], settings: ServeSettings
) -> tuple[ProcessOperations, ServeSettings]:
    """Return the running process, and settings with which its adapters are given it."""
    operations = ProcessOperations(capabilities, settings.telemetry, serves_ports=not settings.stdio)
    return operations, replace(settings, operations=operations)


@asynccontextmanager
async def _listening(
    operations: ProcessOperations, sites: Sequence[Site], settings: ServeSettings
) -> AsyncIterator[None]:
    drain = settings.drain
    servers = [Server(site, settings) for site in sites]
    adapters = [adapter for site in sites for adapter in site.adapters]
    async with running_adapters(operations.capabilities(), adapters, settings.limits):
        tasks = [
            asyncio.create_task(server.serve(sockets=[site.socket]))
            for server, site in zip(servers, sites, strict=True)
        ]
        try:
            while not all(server.started for server in servers):
                for task in tasks:
                    if task.done():
                        task.result()
                await asyncio.sleep(0)
            yield
        finally:
            operations.is_draining = True
            end_streams(adapters)
            in_flight = sum(len(server.server_state.tasks) for server in servers)
            if in_flight:
                _log.info("stopping after %d pending requests are answered, within %d s", in_flight, drain)
            for server in servers:
                server.should_exit = True
            await asyncio.gather(*tasks)
            if settings.telemetry is not None:
                await asyncio.to_thread(settings.telemetry.close)


def serve(
    capabilities: Sequence[Capability],
    settings: ServeSettings | None = None,
    started: Started | None = None,
    on_ready: Callable[[], None] | None = None,
) -> None:
    """Serve capabilities until SIGINT or SIGTERM, then drain.

    If an adapter is served on stdin and stdout, the process also exits when its client disconnects.

    A second Ctrl-C exits without waiting for requests in flight.

    Args:
        capabilities: The capabilities to serve; documents with the same port share it.
        settings: How they are served.
        started: Called once, when all sites accept connections.
        on_ready: Called after ``started``, in each process that serves.

    Raises:
        PortUnavailable: A port cannot be bound.
        RouteClash: Two adapters on one port have conflicting routes, and ``refuses_clashes`` is set.
        ConfigurationError: The adapter on stdin and stdout is ambiguous; or several workers are configured, which
            the platform or the stdio adapter does not support.
    """
    settings = settings or ServeSettings()
    if settings.workers > 1:
        _serve_in_workers(capabilities, settings, started, on_ready)
        return
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(capabilities, settings, started, on_ready))


async def _serve(
    capabilities: Sequence[Capability],
    settings: ServeSettings,
    started: Started | None,
    on_ready: Callable[[], None] | None,
) -> None:
    stop = asyncio.Event()
    on_stdio = stdio_adapter(capabilities, settings)
    operations, settings = _with_operations(capabilities, settings)
    operations.on_stdio = on_stdio
    operations.sites = sites = build_sites(capabilities, settings)
    async with _listening(operations, sites, settings):
        _on_signals(stop)
        if started is not None:
            started(sites, on_stdio)
        if on_ready is not None:
            on_ready()
        if on_stdio is not None and on_stdio.stdio is not None:
            has_client = await on_stdio.stdio(stop, settings.drain)
            if has_client or settings.stdio or not sites:
                return
            _log.info("there is no client on stdin; adapters with a port are still served")
        await stop.wait()


def _serve_in_workers(
    capabilities: Sequence[Capability],
    settings: ServeSettings,
    started: Started | None,
    on_ready: Callable[[], None] | None,
) -> None:
    if sys.platform == "win32":
        raise ConfigurationError(
            "several workers need fork, which Windows does not have",
            hint="start several processes, each on a port of its own, behind a load balancer",
        )
    if stdio_adapter(capabilities, settings) is not None:
        raise ConfigurationError(
            "several workers cannot share one stdin, on which an adapter is served",
            hint="run without --workers",
        )
    operations, settings = _with_operations(capabilities, settings)
    sites = build_sites(capabilities, settings)

    def work(parent_pipe: int, notify: Callable[[], None]) -> None:
        def ready() -> None:
            notify()
            if on_ready is not None:
                on_ready()

        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_work(operations, sites, settings, parent_pipe, ready))

    def on_started() -> None:
        if started is not None:
            started(sites, None)

    def on_stopping() -> None:
        for site in sites:
            site.socket.close()

    Workers(settings.workers, work, settings.drain, on_started, on_stopping).run()


async def _work(
    operations: ProcessOperations,
    sites: Sequence[Site],
    settings: ServeSettings,
    parent_pipe: int,
    ready: Callable[[], None],
) -> None:
    """Serve in a worker process until a signal arrives or the parent exits."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_orphaned() -> None:
        loop.remove_reader(parent_pipe)
        stop.set()

    operations.sites = [site.in_worker() for site in sites]
    async with _listening(operations, operations.sites, settings):
        _on_signals(stop)
        loop.add_reader(parent_pipe, on_orphaned)
        ready()
        await stop.wait()


def _on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    first = 0.0

    def on_signal(number: int) -> None:
        nonlocal first
        if not stop.is_set():
            first = loop.time()
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
