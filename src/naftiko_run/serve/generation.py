"""One generation of what is served: a reload starts the next one, and closes this one when its requests are over."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from naftiko_run.capability import Capability
from naftiko_run.errors import ConfigurationError, PortUnavailable, RouteClash
from naftiko_run.expose import Adapter, Lifespan, Sessions, find_exposer
from naftiko_run.serve.mount import Mount, ServeSettings, end_streams, running_adapters
from naftiko_run.serve.site import Address, Site, adapter_names, bind_sites, build_mounts
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
        skipped: Why some adapters are not served; see ``ServeSettings.skips_unavailable``.

    Raises:
        ConfigurationError: There is no adapter for ``--stdio``, or an environment variable is not a port.
    """

    def __init__(self, capabilities: Sequence[Capability], settings: ServeSettings) -> None:
        self.capabilities = tuple(capabilities)
        self.mounts: dict[Address, Mount] = build_mounts(
            capabilities, replace(settings, refuses_clashes=False)
        )
        self.skipped: list[ConfigurationError] = []
        self._settings = settings
        self._refused: list[ConfigurationError] = []
        if settings.refuses_clashes:
            clashes = [clash for mount in self.mounts.values() for clash in mount.clashes]
            self._refused += [RouteClash(each.message, hint=each.hint) for each in clashes]
        self.stdio = self._find_stdio()
        self._lifespan: Lifespan | None = None

    @property
    def adapters(self) -> list[Adapter]:
        """The adapters on all ports."""
        return [adapter for mount in self.mounts.values() for adapter in mount.adapters]

    def _find_stdio(self) -> Adapter | None:
        """Return the adapter on stdin and stdout, unless it is skipped."""
        settings, adapter = self._settings, None
        try:
            adapter = stdio_adapter(self.capabilities, settings)
        except ConfigurationError as error:
            if settings.stdio or settings.adapter:
                raise
            fault = error
        else:
            if adapter is None or settings.workers == 1:
                return adapter
            fault = ConfigurationError(
                f"several workers cannot share one stdin, on which {adapter_names([adapter])} is to be served",
                hint="run without --workers",
            )
        if settings.skips_unavailable and self.mounts:
            self.skipped.append(ConfigurationError(f"{fault.message}; not served", hint=fault.hint))
        else:
            self._refused.append(fault)
        return None

    def open_ports(self, earlier: Generation | None = None) -> tuple[Site, ...]:
        """Bind the ports that an earlier generation has not bound.

        Adapters whose port cannot be bound are skipped if there are several documents, the settings allow it, others
        are served, and the earlier generation does not serve them.

        Args:
            earlier: The generation that is served; None for none.

        Raises:
            RouteClash: Two adapters on one port have conflicting routes, and ``refuses_clashes`` is set.
            PortUnavailable: A port cannot be bound; no port is left open.
            ConfigurationError: Several adapters have ``transport: stdio``.
        """
        bound = earlier.mounts if earlier is not None else {}
        served = {_document_of(each) for each in earlier.adapters} if earlier is not None else set()
        sites, faults = bind_sites(
            {at: mount for at, mount in self.mounts.items() if at not in bound}, self._settings
        )
        left = [mount for at, mount in self.mounts.items() if at not in faults]
        is_left = self.stdio is not None or any(
            not _is_control(each) for mount in left for each in mount.adapters
        )
        refused = list(self._refused)
        for at, fault in faults.items():
            adapters = self.mounts[at].adapters
            is_required = self._settings.has_control and any(map(_is_control, adapters))
            is_required = is_required or any(_document_of(each) in served for each in adapters)
            is_required = is_required or len(self.capabilities) == 1
            if is_required or not is_left or not self._settings.skips_unavailable:
                refused.append(fault)
            else:
                message = f"{fault.message}; not served: {adapter_names(adapters)}"
                self.skipped.append(PortUnavailable(message, hint=fault.hint))
        if refused:
            for site in sites:
                site.socket.close()
            refused[0].others = tuple(refused[1:])
            raise refused[0]
        for at in faults:
            del self.mounts[at]
        return sites

    async def start(self) -> None:
        """Start the adapters' background tasks."""
        self._lifespan = Lifespan(
            lambda: running_adapters(self.capabilities, self.adapters, self._settings.limits)
        )
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


def _is_control(adapter: Adapter) -> bool:
    """Return whether an adapter only serves to manage the process."""
    exposer = find_exposer(adapter.type)
    return exposer is not None and exposer.manages_process


def _document_of(adapter: Adapter) -> tuple[str, str, str]:
    """Return the document, type and namespace of an adapter."""
    return adapter.capability.file if adapter.capability else "", adapter.type, adapter.namespace
