"""Runs sites: starts them, drains them on SIGINT and SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Final, Literal

import uvicorn

from naftiko_run.capability import Capability
from naftiko_run.expose import Adapter
from naftiko_run.serve.piped import piped_adapter
from naftiko_run.serve.site import ServeSettings, Site, build_sites

_log = logging.getLogger(__name__)

_ONE_GESTURE: Final = 0.25
"""Seconds in which signals are one wish: a wrapper passes on what its whole group has got already."""

Started = Callable[[Sequence[Site], Adapter | None], None]
"""Is told the sites, and the adapter on stdin and stdout."""


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to the supervisor, which has several of them."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def running(
    capabilities: Sequence[Capability], settings: ServeSettings
) -> AsyncIterator[tuple[Site, ...]]:
    """Serve capabilities while the context is entered; drain when it is left.

    Yields:
        The sites, listening.

    Raises:
        PortUnavailable: A port cannot be listened on.
        RouteClash: Two adapters ask for the same requests on one port.
    """
    sites = build_sites(capabilities, settings)
    servers = [_server(site, settings.drain) for site in sites]
    async with AsyncExitStack() as stack:
        for capability in capabilities:
            stack.push_async_callback(capability.aclose)
        for site in sites:
            for adapter in site.adapters:
                if adapter.running is not None:
                    await stack.enter_async_context(adapter.running())
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
            yield sites
        finally:
            _end_streams(sites)
            in_flight = sum(len(server.server_state.tasks) for server in servers)
            if in_flight:
                _log.info(
                    "stopping once %d requests are answered, in %d s at most", in_flight, settings.drain
                )
            for server in servers:
                server.should_exit = True
            await asyncio.gather(*tasks)


def _end_streams(sites: Sequence[Site]) -> None:
    for site in sites:
        for adapter in site.adapters:
            if adapter.end_streams is not None:
                adapter.end_streams()


def serve(
    capabilities: Sequence[Capability], settings: ServeSettings | None = None, started: Started | None = None
) -> None:
    """Serve capabilities until SIGINT or SIGTERM, then drain.

    Where an adapter is on stdin and stdout, its client's end is the end of the process too.

    A second Ctrl-C ends the process without waiting for requests in flight.

    Args:
        capabilities: What to serve; documents that ask for one port share it.
        settings: How.
        started: Called once everything listens.

    Raises:
        PortUnavailable: A port cannot be listened on.
        RouteClash: Two adapters ask for the same requests on one port.
        ConfigurationError: It is not clear which adapter is on stdin and stdout.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(capabilities, settings or ServeSettings(), started))


async def _serve(
    capabilities: Sequence[Capability], settings: ServeSettings, started: Started | None
) -> None:
    stop = asyncio.Event()
    piped = piped_adapter(capabilities, settings)
    async with running(capabilities, settings) as sites:
        _on_signals(stop)
        if started is not None:
            started(sites, piped)
        if piped is not None and piped.pipe is not None:
            has_client = await piped.pipe(stop, settings.drain)
            if has_client or not sites:
                return
            _log.info("there is no client on stdin; what has a port is served on")
        await stop.wait()


def _on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    first = 0.0

    def take(number: int) -> None:
        nonlocal first
        if not stop.is_set():
            first = loop.time()
            stop.set()
        elif number == signal.SIGINT and loop.time() - first > _ONE_GESTURE:
            # At once: unwinding would log every request in flight as a fault of ours.
            os._exit(130)

    for each in (signal.SIGINT, signal.SIGTERM):
        if sys.platform == "win32":
            signal.signal(each, lambda number, _: loop.call_soon_threadsafe(take, number))
        else:
            loop.add_signal_handler(each, take, each)


def _server(site: Site, drain: int) -> _Server:
    config = uvicorn.Config(
        site.router,
        http=_protocol(),
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here asks who is behind a proxy
        timeout_graceful_shutdown=drain,
    )
    return _Server(config)


def _protocol() -> type[asyncio.Protocol] | Literal["auto"]:
    try:
        from naftiko_run.serve.protocol import WholeAnswers
    except ImportError:  # Windows has no httptools
        return "auto"
    return WholeAnswers


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # Windows has none
        return None
    return uvloop.new_event_loop
