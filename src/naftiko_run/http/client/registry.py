"""Connection pools of an event loop: of one transport, or shared by all transports while capabilities are served."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary, WeakValueDictionary

from naftiko_run.http.client.limiter import DEFAULT_LIMITS, ConnectionLimiter, Limits
from naftiko_run.http.client.origin import Origin

if TYPE_CHECKING:
    from naftiko_run.http.client.origin_transport import OriginTransport
    from naftiko_run.http.client.pool import Pool

Carriers = dict[tuple[str, ssl.SSLContext | None], "OriginTransport"]
"""Origin transports, by the origin part of URLs and by client certificate."""


class ConnectionCounts(NamedTuple):
    """How many connections to upstreams there are.

    Attributes:
        in_use: Connections that carry a request.
        idle: Open connections that carry none.
        waiting: Requests that wait for a connection.
    """

    in_use: int = 0
    idle: int = 0
    waiting: int = 0


class ConnectionRegistry:
    """The connection pools of our own client, by origin.

    Args:
        limits: The connection limits.

    Attributes:
        carriers: The origin transports; callers may add more.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._total: ConnectionLimiter | None = None
        self._pools: WeakValueDictionary[tuple[Origin, ssl.SSLContext | None], Pool] = WeakValueDictionary()
        self.carriers: Carriers = {}

    def pool(self, origin: Origin, tls: ssl.SSLContext | None) -> Pool:
        """Return the pool of one origin, which the registry references only weakly.

        Args:
            origin: The origin.
            tls: A TLS context with a client certificate; None for no client certificate.
        """
        from naftiko_run.http.client.connecting import connect
        from naftiko_run.http.client.pool import Pool

        if self._total is None:
            self._total = ConnectionLimiter(self._limits)
        pool = self._pools.get((origin, tls))
        if pool is None:
            pool = self._pools[origin, tls] = Pool(partial(connect, origin, tls), self._total)
        return pool

    @property
    def counts(self) -> ConnectionCounts:
        """The current numbers of connections."""
        total = self._total
        if total is None:
            return ConnectionCounts()
        return ConnectionCounts(total.in_use, total.idle, sum(pool.waiting for pool in total.pools))

    async def aclose(self) -> None:
        """Close all connections."""
        self.carriers = {}
        total, self._total = self._total, None
        if total is not None:
            await total.aclose()


def _load_client() -> None:
    """Load what a first call needs: by then, the process may have no file descriptor left to read a module."""
    for module in ("connecting", "origin_transport", "pool"):
        import_module(f"naftiko_run.http.client.{module}")
    "".encode("idna")  # the codec of host names


_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, ConnectionRegistry] = WeakKeyDictionary()


@asynccontextmanager
async def shared_connections(limits: Limits = DEFAULT_LIMITS) -> AsyncIterator[None]:
    """Share connections between the transports of the running loop while the context is entered.

    Otherwise a thousand documents would have a thousand pools of connections to the same upstream.
    """
    loop = asyncio.get_running_loop()
    if loop in _shared:
        yield
        return
    _load_client()
    connections = _shared[loop] = ConnectionRegistry(limits)
    try:
        yield
    finally:
        del _shared[loop]
        await connections.aclose()


def shared_by(loop: asyncio.AbstractEventLoop) -> ConnectionRegistry | None:
    """Return the registry that the transports of a loop share; None if each has its own."""
    return _shared.get(loop)


def connection_counts() -> ConnectionCounts:
    """Return the numbers of connections that the transports of the running loop share."""
    try:
        shared = _shared.get(asyncio.get_running_loop())
    except RuntimeError:  # no loop is running
        return ConnectionCounts()
    return ConnectionCounts() if shared is None else shared.counts
