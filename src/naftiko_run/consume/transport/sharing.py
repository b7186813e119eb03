"""The connections of an event loop: a transport's own, or those that all transports share while they are served."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from naftiko_run.consume.transport.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from naftiko_run.consume.transport.http1 import OriginTransport
    from naftiko_run.consume.transport.pool import Total

Carriers = dict[tuple[str, ssl.SSLContext | None], "OriginTransport"]
"""What carries requests, by what URLs have before their path, and by client certificate."""


class Connections:
    """Connections of our own client, to all origins together.

    Args:
        limits: How many there may be.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._carriers: dict[float, Carriers] = {}
        self._total: Total | None = None

    def carriers(self, timeout: float) -> Carriers:
        """Give what carries requests with a time limit, in seconds; more may be added to it."""
        return self._carriers.setdefault(timeout, {})

    @property
    def total(self) -> Total:
        """Counts them."""
        if self._total is None:
            from naftiko_run.consume.transport.pool import Total

            self._total = Total(self._limits)
        return self._total

    async def aclose(self) -> None:
        """Close all of them."""
        self._carriers = {}
        total, self._total = self._total, None
        if total is not None:
            await total.aclose()


_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, Connections] = WeakKeyDictionary()


@asynccontextmanager
async def shared_connections(limits: Limits = DEFAULT_LIMITS) -> AsyncIterator[None]:
    """Have the transports of the running loop share their connections while the context is entered.

    Without it a thousand documents would keep a thousand pools, each with connections to the same upstream.
    """
    loop = asyncio.get_running_loop()
    if loop in _shared:
        yield
        return
    connections = _shared[loop] = Connections(limits)
    try:
        yield
    finally:
        del _shared[loop]
        await connections.aclose()


def shared_by(loop: asyncio.AbstractEventLoop) -> Connections | None:
    """Give the connections that the transports of a loop share; None where each has its own."""
    return _shared.get(loop)
