"""The connections to upstreams: kept, lent to one exchange at a time, and never too many."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Final
from weakref import WeakSet

from naftiko_run.consume.transport.connection import Connection
from naftiko_run.consume.transport.limits import Limits

_MOMENT: Final = 2.0

Connect = Callable[[Callable[[Connection], None]], Awaitable[Connection]]
"""Opens a connection, and has it told when it is gone."""


class Total:
    """How many connections are open to all origins together.

    Args:
        limits: How many there may be.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.open = 0
        self.pools: WeakSet[Pool] = WeakSet()
        self.turns = count()
        self._waiters = 0

    @property
    def is_short(self) -> bool:
        """Whether somebody waits for a connection of any origin to end."""
        return self._waiters > 0 and self.open >= self.limits.in_all

    def make_room(self) -> bool:
        """Say whether one more may be opened; an idle one that another origin keeps is given up for it."""
        if self.open >= self.limits.in_all:
            for pool in self.pools:
                if pool.give_up_idle():
                    break
        return self.open < self.limits.in_all

    def offer(self) -> None:
        """Let who waited longest of those that may open a connection do so."""
        while self._waiters and self.open < self.limits.in_all:
            waiting = [pool for pool in self.pools if pool.may_open_for_waiter]
            if not waiting:
                return
            min(waiting, key=lambda pool: pool.first_turn).grant()

    def serves_next(self, pool: Pool) -> bool:
        """Whether nobody waits longer, for a connection of whatever origin, than the first who waits for a pool's."""
        return all(pool.first_turn <= each.first_turn for each in self.pools if each.may_open_for_waiter)

    def count_waiter(self, change: int) -> None:
        """Note that one more waits, or one less."""
        self._waiters += change

    async def aclose(self) -> None:
        """Close all connections; who waits for one gets none."""
        pools = list(self.pools)
        for pool in pools:
            pool.dismiss()
        for pool in pools:
            await pool.aclose()


class Pool:
    """The connections to one origin, used last in, first out; who waits is served first come, first served.

    Args:
        connect: Opens one.
        total: Counts those of all origins.
        timeout: Seconds that anybody waits for one.
    """

    def __init__(self, connect: Connect, total: Total, timeout: float) -> None:
        self._connect = connect
        self._total = total
        self._timeout = timeout
        self._limits = total.limits
        self._open = 0
        self._all: set[Connection] = set()
        self._idle: dict[Connection, None] = {}
        self._waiters: deque[tuple[int, asyncio.Future[Connection | None]]] = deque()
        self._is_closed = False
        self._trimming: asyncio.TimerHandle | None = None
        total.pools.add(self)

    def kept(self) -> Connection | None:
        """Give a connection that is open and idle; None where there is none, or others wait for one."""
        while self._idle:
            connection, _ = self._idle.popitem()
            if connection.wake():
                return connection
            connection.abort()
        return None

    async def take(self) -> Connection:
        """Give a connection: one that is kept, a new one, or, where there may be no more, the next that is free.

        Raises:
            TimeoutError: None became free, or the new one did not come about, in time.
            OSError: The new one did not come about.
        """
        while True:
            connection = self.kept()
            if connection is not None:
                return connection
            if not self._waiters and self._may_open() and self._total.make_room():
                self._count(1)
                return await self._opened()
            connection = await self._next_free()
            if connection is None:
                return await self._opened()
            if connection.is_usable:
                return connection

    def give_back(self, connection: Connection) -> None:
        """Take a connection back: to the next who waits, or to be kept; one that is not reusable is closed."""
        if self._is_closed or not connection.rest():
            connection.abort()
            return
        while self._waiters and (not self._total.is_short or self._total.serves_next(self)):
            waiter = self._pop_waiter()
            if not waiter.done():
                connection.is_idle = False
                waiter.set_result(connection)
                return
        if self._total.is_short:
            connection.abort()  # its place is another origin's now
            return
        self._idle[connection] = None
        if len(self._idle) > self._limits.idle and self._trimming is None:
            self._trimming = asyncio.get_running_loop().call_later(_MOMENT, self._trim)

    def forget_idle(self) -> None:
        """Close what is kept: it was found stale."""
        while self.give_up_idle():
            pass

    def give_up_idle(self) -> bool:
        """Close the connection that is idle for the longest time; say whether there was one."""
        connection = next(iter(self._idle), None)
        if connection is None:
            return False
        connection.abort()
        return True

    @property
    def is_unused(self) -> bool:
        """Whether there is no connection, and nobody wants one."""
        return not self._open and not self._waiters

    @property
    def may_open_for_waiter(self) -> bool:
        """Whether somebody waits who may open a connection."""
        return bool(self._waiters) and self._may_open()

    @property
    def first_turn(self) -> int:
        """The turn of the first of those who wait."""
        return self._waiters[0][0]

    def grant(self) -> None:
        """Let the first of those who wait open a connection."""
        waiter = self._pop_waiter()
        if not waiter.done():
            self._count(1)
            waiter.set_result(None)

    def dismiss(self) -> None:
        """Send away those who wait, and let nobody have a connection any more."""
        self._is_closed = True
        if self._trimming is not None:
            self._trimming.cancel()
        while self._waiters:
            waiter = self._pop_waiter()
            if not waiter.done():
                waiter.set_exception(ConnectionAbortedError())

    async def aclose(self) -> None:
        """Close all connections, once nobody waits for one."""
        connections = list(self._all)
        for connection in connections:
            connection.abort()
        for connection in connections:
            await connection.wait_lost()

    async def _opened(self) -> Connection:
        """Open a connection; its place is counted already."""
        try:
            connection = await self._connect(self._forget)
        except BaseException:
            self._free()
            raise
        self._all.add(connection)
        if self._is_closed:
            connection.abort()
            raise ConnectionAbortedError
        if not connection.is_usable:  # it ended as soon as it began
            self._forget(connection)
        return connection

    async def _next_free(self) -> Connection | None:
        """Wait for a connection, or for the right to open one: None."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Connection | None] = loop.create_future()
        entry = next(self._total.turns), waiter
        self._waiters.append(entry)
        self._total.count_waiter(1)
        try:
            async with asyncio.timeout(self._timeout):
                return await waiter
        except BaseException:
            if entry in self._waiters:
                self._waiters.remove(entry)
                self._total.count_waiter(-1)
            elif not (waiter.cancelled() or waiter.exception()):  # it came just now: the next may have it
                connection = waiter.result()
                if connection is None:
                    self._free()
                else:
                    self.give_back(connection)
            raise

    def _pop_waiter(self) -> asyncio.Future[Connection | None]:
        self._total.count_waiter(-1)
        return self._waiters.popleft()[1]

    def _may_open(self) -> bool:
        return self._open < self._limits.to_one

    def _count(self, change: int) -> None:
        self._open += change
        self._total.open += change

    def _free(self) -> None:
        self._count(-1)
        self._total.offer()

    def _forget(self, connection: Connection) -> None:
        if connection in self._all:
            self._all.discard(connection)
            self._idle.pop(connection, None)
            self._free()

    def _trim(self) -> None:
        self._trimming = None
        while len(self._idle) > self._limits.idle:
            self.give_up_idle()
