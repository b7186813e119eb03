"""The limits on connections, and the queue of requests that wait for one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

if TYPE_CHECKING:
    from naftiko_run.http.client.pool import Pool


@dataclass(frozen=True, slots=True)
class Limits:
    """The maximum number of connections of a transport; further requests wait for a free one.

    One origin can use at most half of the connections that the others leave free of ``in_all``, so that unresponsive
    origins never use up all connections.

    Attributes:
        to_one: The maximum to one origin.
        in_all: The maximum to all origins together.
        idle: The maximum number of idle connections to one origin that are kept for longer than a moment.
    """

    to_one: int = 256
    in_all: int = 512
    idle: int = 64


DEFAULT_LIMITS: Final = Limits()

RELIEF_SECONDS: Final = 0.5
"""How many seconds pass between checks for connections held by slow clients, while requests wait."""


class ConnectionLimiter:
    """Counts the connections to all origins, and serves waiting requests.

    Args:
        limits: The connection limits.

    Attributes:
        open: The number of connections.
        idle: The number of idle connections.
        waiting: The pools that have waiting requests.
        pools: All pools.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.open = 0
        self.idle = 0
        self.waiting: dict[Pool, None] = {}
        self.pools: WeakSet[Pool] = WeakSet()
        self._turns = count()
        self._is_serving = False
        self._relief: asyncio.TimerHandle | None = None

    @property
    def in_use(self) -> int:
        """How many connections are in use."""
        return self.open - self.idle

    def may_open(self, pool: Pool) -> bool:
        """Return whether a pool without idle connections may open another one; see ``Limits``."""
        return pool.open < self.limits.to_one and pool.open < self.limits.in_all - self.in_use

    def make_room(self, pool: Pool) -> bool:
        """Return whether a pool may open another connection, after closing an idle one of another origin if needed."""
        if not self.may_open(pool):
            return False
        if self.open >= self.limits.in_all:
            for other in self.pools:
                if other.give_up_idle():
                    break
        return self.open < self.limits.in_all

    def next_turn(self) -> int:
        """Return the sequence number for a new waiter."""
        return next(self._turns)

    def await_connection(self, pool: Pool) -> None:
        """Register a pool that has a new waiter."""
        self.waiting[pool] = None
        if self._relief is None:
            self._relief = asyncio.get_running_loop().call_later(RELIEF_SECONDS, self._relieve)

    def note_waiters(self, pool: Pool) -> None:
        """Unregister a pool that has no waiters left."""
        if not pool.waiting:
            self.waiting.pop(pool, None)

    def serve(self) -> None:
        """Serve waiting requests, the longest waiting first."""
        if self._is_serving:  # serving can free connections too
            return
        self._is_serving = True
        try:
            while ready := [pool for pool in self.waiting if pool.has_idle or self.may_open(pool)]:
                min(ready, key=lambda pool: pool.first_turn).serve_first()
        finally:
            self._is_serving = False

    async def aclose(self) -> None:
        """Close all connections, and reject the waiting requests."""
        pools = list(self.pools)
        for pool in pools:
            pool.dismiss()
        if self._relief is not None:
            self._relief.cancel()
        for pool in pools:
            await pool.aclose()

    def _relieve(self) -> None:
        """Close connections held by slow clients for waiting requests; repeat while there are any."""
        self._relief = None
        for pool in list(self.waiting):
            is_own_limit = pool.open >= self.limits.to_one
            for each in [pool] if is_own_limit else list(self.pools):
                each.give_up_slow(pool.waiting)
        if self.waiting:
            self._relief = asyncio.get_running_loop().call_later(RELIEF_SECONDS, self._relieve)
