"""One generation of what is served: a reload starts the next one, and closes this one when its requests are over."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from naftiko_run.capability import Capability
from naftiko_run.expose import Adapter, Lifespan, Sessions
from naftiko_run.serve.mount import Mount, ServeSettings, end_streams, running_adapters
from naftiko_run.serve.site import Address, build_mounts
from naftiko_run.serve.stdio import stdio_adapter

_Identity = tuple[Address | None, str, str]
"""The address, type and namespace of an adapter; no address for the one on stdin and stdout."""


class Generation:
    """The capabilities that are served at a time, and the adapters that serve them.

    Args:
        capabilities: The capabilities; closed with the generation.
        settings: How they are served.

    Attributes:
        capabilities: The capabilities.
        mounts: The adapters of each port.
        stdio: The adapter on stdin and stdout; None for none.

    Raises:
        RouteClash: Two adapters on one port have conflicting routes, and ``refuses_clashes`` is set.
        ConfigurationError: The adapter on stdin and stdout is ambiguous, or an environment variable is not a port.
    """

    def __init__(self, capabilities: Sequence[Capability], settings: ServeSettings) -> None:
        self.capabilities = tuple(capabilities)
        self.mounts: Mapping[Address, Mount] = build_mounts(capabilities, settings)
        self.stdio = stdio_adapter(capabilities, settings)
        self._limits = settings.limits
        self._lifespan: Lifespan | None = None

    @property
    def adapters(self) -> list[Adapter]:
        """The adapters on all ports."""
        return [adapter for mount in self.mounts.values() for adapter in mount.adapters]

    async def start(self) -> None:
        """Start the adapters' background tasks."""
        self._lifespan = Lifespan(lambda: running_adapters(self.capabilities, self.adapters, self._limits))
        await self._lifespan.started()

    async def close(self) -> None:
        """Stop the adapters' background tasks, and close the capabilities."""
        if self._lifespan is not None:
            await self._lifespan.stop()

    def take_over(self, earlier: Generation) -> Collection[asyncio.Task[Any]]:
        """Continue the sessions of an earlier generation, and end its streams that have no successor.

        Returns:
            The requests of the earlier generation that last as long as their sessions.
        """
        successors = dict(self.sessions())
        kept: set[asyncio.Task[Any]] = set()
        ending: list[Adapter] = []
        for address, mount in earlier.mounts.items():
            ending += [
                each for each in mount.adapters if (address, each.type, each.namespace) not in successors
            ]
        for identity, sessions in earlier.sessions():
            if (successor := successors.get(identity)) is not None:
                kept.update(sessions.streams)
                successor.take_over(sessions)
        end_streams(ending)
        return kept

    def sessions(self) -> Iterator[tuple[_Identity, Sessions]]:
        """Yield the sessions of each adapter that has some, by its identity."""
        places: list[tuple[Address | None, Adapter]] = [
            (address, adapter) for address, mount in self.mounts.items() for adapter in mount.adapters
        ]
        if self.stdio is not None:
            places.append((None, self.stdio))
        for address, adapter in places:
            if adapter.sessions is not None:
                yield (address, adapter.type, adapter.namespace if address else ""), adapter.sessions
