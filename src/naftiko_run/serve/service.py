"""A running service: its ports, and the generation of capabilities that they serve."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from naftiko_run.capability import Capability
from naftiko_run.consume import shared_connections
from naftiko_run.serve.generation import Generation
from naftiko_run.serve.mount import ServeSettings, end_streams
from naftiko_run.serve.operations import ProcessOperations, with_operations
from naftiko_run.serve.server import Server
from naftiko_run.serve.site import Site

_log = logging.getLogger(__name__)

_CANCEL_TIMEOUT: Final = 1.0
"""Seconds for cancelled requests to send their last response."""


class _Port:
    """A port that accepts connections.

    Args:
        site: The site.
        settings: How it is served.
    """

    def __init__(self, site: Site, settings: ServeSettings) -> None:
        self.site = site
        self.server = Server(site, settings)
        self.task = asyncio.create_task(self.server.serve(sockets=[site.socket]))

    async def started(self) -> None:
        """Wait until it accepts connections."""
        while not self.server.started:
            if self.task.done():
                self.task.result()
            await asyncio.sleep(0)


class Service:
    """Serves one generation at a time, which can be replaced without a failed request.

    Args:
        generation: The first generation.
        settings: How it is served.

    Attributes:
        is_draining: Whether the service is about to stop.
    """

    def __init__(self, generation: Generation, settings: ServeSettings) -> None:
        self.is_draining = False
        self._generation = generation
        self._settings = settings
        if isinstance(settings.operations, ProcessOperations):
            settings.operations.service = self
        self._ports: dict[Any, _Port] = {}
        self._retiring: set[asyncio.Task[None]] = set()

    @property
    def generation(self) -> Generation:
        """The generation that handles the next requests."""
        return self._generation

    @property
    def sites(self) -> tuple[Site, ...]:
        """The ports that accept connections."""
        return tuple(each.site for each in self._ports.values())

    @asynccontextmanager
    async def running(self, sites: Sequence[Site]) -> AsyncIterator[None]:
        """Serve while the context is entered; drain on exit.

        Args:
            sites: The bound ports of the first generation.
        """
        async with shared_connections(self._settings.limits):
            await self._generation.start()
            try:
                await self._open(sites)
                yield
            finally:
                await self._stop()

    async def swap(self, generation: Generation) -> None:
        """Serve another generation from the next request on; requests in flight finish on the current one.

        Raises:
            PortUnavailable: A port cannot be bound; the current generation is still served.
        """
        sites = generation.open_ports(self._generation)
        try:
            await generation.start()
        except BaseException:
            for site in sites:
                site.socket.close()
            raise
        await self._open(sites)
        earlier, self._generation = self._generation, generation
        telemetry = self._settings.telemetry
        if telemetry is not None and telemetry.metrics is not None:
            telemetry.metrics.capabilities = len(generation.capabilities)
        requests: set[asyncio.Task[Any]] = set()
        closing: list[_Port] = []
        # Nothing is awaited from here on, so that all ports switch between the same two requests.
        for at, port in list(self._ports.items()):
            requests |= port.server.requests
            if (mount := generation.mounts.get(at)) is None:
                closing.append(self._ports.pop(at))
            else:
                port.server.switch(mount.router)
                port.site = port.site.serving(mount)
        requests -= set(generation.take_over(earlier))
        task = asyncio.create_task(self._retire(earlier, requests, closing))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    def drain(self) -> None:
        """Stop being ready: clients close their connections after the next response; new ones are accepted."""
        self.is_draining = True
        for port in self._ports.values():
            port.server.close_connections()

    def stop_accepting(self) -> None:
        """Accept no new connections: other processes do, on the same ports."""
        self.drain()
        for port in self._ports.values():
            port.server.stop_accepting()

    async def _open(self, sites: Sequence[Site]) -> None:
        ports = [_Port(site, self._settings) for site in sites]
        self._ports |= {each.site.address: each for each in ports}
        for port in ports:
            await port.started()

    async def _retire(
        self, generation: Generation, requests: Collection[asyncio.Task[Any]], ports: Sequence[_Port]
    ) -> None:
        """Close a generation when its last request is over, or at the end of the drain."""
        for port in ports:
            port.server.should_exit = True
        unfinished = (await asyncio.wait(requests, timeout=self._settings.drain))[1] if requests else set()
        if unfinished:
            _log.warning(
                "requests that did not finish within %g s after the reload are ended: %d",
                self._settings.drain,
                len(unfinished),
            )
            for each in unfinished:
                each.cancel()
            await asyncio.wait(unfinished, timeout=_CANCEL_TIMEOUT)
        await asyncio.gather(*(port.task for port in ports))
        await generation.close()

    async def _stop(self) -> None:
        end_streams(self._generation.adapters)
        ports = list(self._ports.values())
        in_flight = sum(len(port.server.server_state.tasks) for port in ports)
        if in_flight:
            _log.info(
                "stopping after %d pending requests are answered, within %g s",
                in_flight,
                self._settings.drain,
            )
        for port in ports:
            port.server.should_exit = True
        await asyncio.gather(*(port.task for port in ports), *self._retiring)
        await self._generation.close()


@asynccontextmanager
async def running(capabilities: Sequence[Capability], settings: ServeSettings) -> AsyncIterator[Service]:
    """Serve capabilities while the context is entered; drain on exit.

    Yields:
        The service, whose ports accept connections.

    Raises:
        PortUnavailable: A port cannot be bound.
        RouteClash: Two adapters on one port have conflicting routes, and ``refuses_clashes`` is set.
    """
    settings = with_operations(settings)
    generation = Generation(capabilities, settings)
    service = Service(generation, settings)
    async with service.running(generation.open_ports()):
        yield service
