"""Runs sites: starts them, drains them on SIGINT and SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from naftiko_run.capability import Capability
from naftiko_run.errors import ConfigurationError
from naftiko_run.expose import Adapter
from naftiko_run.serve.mount import ServeSettings, end_streams, running_adapters
from naftiko_run.serve.server import Server
from naftiko_run.serve.site import Site, build_sites
from naftiko_run.serve.stdio import stdio_adapter
from naftiko_run.serve.workers import ONE_GESTURE, Workers

_log = logging.getLogger(__name__)

Started = Callable[[Sequence[Site], Adapter | None], None]
"""Is told the sites, and the adapter on stdin and stdout."""


@asynccontextmanager
async def running(
    capabilities: Sequence[Capability], settings: ServeSettings
) -> AsyncIterator[tuple[Site, ...]]:
    """Serve capabilities while the context is entered; drain when it is left.

    Yields:
        The sites, listening.

    Raises:
        PortUnavailable: A port cannot be listened on.
        RouteClash: Two adapters ask for the same requests on one port, and that is refused.
    """
    sites = build_sites(capabilities, settings)
    async with _listening(capabilities, sites, settings):
        yield sites


@asynccontextmanager
async def _listening(
    capabilities: Sequence[Capability], sites: Sequence[Site], settings: ServeSettings
) -> AsyncIterator[None]:
    drain = settings.drain
    servers = [Server(site, settings) for site in sites]
    adapters = [adapter for site in sites for adapter in site.adapters]
    async with running_adapters(capabilities, adapters, settings.limits):
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
            end_streams(adapters)
            in_flight = sum(len(server.server_state.tasks) for server in servers)
            if in_flight:
                _log.info("stopping once %d requests are answered, in %d s at most", in_flight, drain)
            for server in servers:
                server.should_exit = True
            await asyncio.gather(*tasks)


def serve(
    capabilities: Sequence[Capability],
    settings: ServeSettings | None = None,
    started: Started | None = None,
    on_ready: Callable[[], None] | None = None,
) -> None:
    """Serve capabilities until SIGINT or SIGTERM, then drain.

    Where an adapter is on stdin and stdout, its client's end is the end of the process too.

    A second Ctrl-C ends the process without waiting for requests in flight.

    Args:
        capabilities: What to serve; documents that ask for one port share it.
        settings: How.
        started: Called once everything listens.
        on_ready: Called after that, in each process that serves.

    Raises:
        PortUnavailable: A port cannot be listened on.
        RouteClash: Two adapters ask for the same requests on one port, and that is refused.
        ConfigurationError: It is not clear which adapter is on stdin and stdout; or there are to be several
            processes, which cannot be.
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
    async with running(capabilities, settings) as sites:
        _on_signals(stop)
        if started is not None:
            started(sites, on_stdio)
        if on_ready is not None:
            on_ready()
        if on_stdio is not None and on_stdio.stdio is not None:
            has_client = await on_stdio.stdio(stop, settings.drain)
            if has_client or not sites:
                return
            _log.info("there is no client on stdin; what has a port is served on")
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
            hint="start several processes, each on a port of its own, behind a balancer",
        )
    if stdio_adapter(capabilities, settings) is not None:
        raise ConfigurationError(
            "several workers cannot share one stdin, on which an adapter is served",
            hint="leave out --workers",
        )
    sites = build_sites(capabilities, settings)

    def work(life: int, tell: Callable[[], None]) -> None:
        def ready() -> None:
            tell()
            if on_ready is not None:
                on_ready()

        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_work(capabilities, sites, settings, life, ready))

    def up() -> None:
        if started is not None:
            started(sites, None)

    def stopping() -> None:
        for site in sites:
            site.socket.close()

    Workers(settings.workers, work, settings.drain, up, stopping).run()


async def _work(
    capabilities: Sequence[Capability],
    sites: Sequence[Site],
    settings: ServeSettings,
    life: int,
    ready: Callable[[], None],
) -> None:
    """Serve in one of several processes, until a signal or the end of the parent."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def orphaned() -> None:
        loop.remove_reader(life)
        stop.set()

    async with _listening(capabilities, [site.in_worker() for site in sites], settings):
        _on_signals(stop)
        loop.add_reader(life, orphaned)
        ready()
        await stop.wait()


def _on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    first = 0.0

    def take(number: int) -> None:
        nonlocal first
        if not stop.is_set():
            first = loop.time()
            stop.set()
        elif number == signal.SIGINT and loop.time() - first > ONE_GESTURE:
            # At once: unwinding would log every request in flight as a fault of ours.
            os._exit(130)

    for each in (signal.SIGINT, signal.SIGTERM):
        if sys.platform == "win32":
            signal.signal(each, lambda number, _: loop.call_soon_threadsafe(take, number))
        else:
            loop.add_signal_handler(each, take, each)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # Windows has none
        return None
    return uvloop.new_event_loop
