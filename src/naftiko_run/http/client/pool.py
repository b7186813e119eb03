"""The connection pool of one origin."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from naftiko_run.http.client.connection import Connection
from naftiko_run.http.client.limiter import ConnectionLimiter

_TRIM_DELAY: Final = 2.0
"""Seconds before surplus idle connections are closed."""
_MIN_REMAINING_SHARE: Final = 0.01
"""The share of the time spent waiting for a connection that must remain for the request, or it is not sent."""

Connect = Callable[[Callable[[Connection], None], float], Awaitable[Connection]]
"""Opens a connection, given a callback for when it becomes unusable and a deadline."""


class PoolFull(Exception):
    """No connection became free in time.

    Args:
        open_: The number of connections to the origin.
        in_all: The number of connections in use to all origins, if that limit was reached; otherwise 0.
    """

    def __init__(self, open_: int, in_all: int) -> None:
        super().__init__()
        self.open = open_
        self.in_all = in_all


class Pool:
    """The connections to one origin, used last in, first out; waiters are served first in, first out.

    Args:
        connect: Opens a connection.
        total: Limits the connections to all origins.
    """

    def __init__(self, connect: Connect, total: ConnectionLimiter) -> None:
        self._connect = connect
        self._total = total
        self._limits = total.limits
        self._all: set[Connection] = set()
        self._idle: dict[Connection, None] = {}
        self._waiters: deque[tuple[int, asyncio.Future[Connection | None]]] = deque()
        self._is_closed = False
        self._trimming: asyncio.TimerHandle | None = None
        self.open = 0
        total.pools.add(self)

    def kept(self, *, checked: bool = False) -> Connection | None:
        """Return an idle connection that is open; None if there is none.

        Args:
            checked: Whether to also ask the kernel whether the upstream has closed it, which the event loop may not have
                noticed yet.
        """
        while self._idle:
            connection, _ = self._idle.popitem()
            self._total.idle -= 1
            if connection.wake() and not (checked and connection.has_ended()):
                return connection
            connection.abort()
        return None

    async def take(self, deadline: float, *, checked: bool = False) -> Connection:
        """Return a connection: an idle one, a new one, or, if the limit is reached, the next that becomes free.

        Args:
            deadline: When to give up, in the event loop's time.
            checked: See ``kept``.

        Raises:
            PoolFull: No connection became free in time.
            TimeoutError: A new connection could not be opened in time.
            OSError: A new connection could not be opened.
        """
        while True:
            connection = self.kept(checked=checked)
            if connection is not None:
                return connection
            if not self._waiters and self._total.make_room(self):
                self._count(1)
                return await self._opened(deadline)
            loop = asyncio.get_running_loop()
            since = loop.time()
            full = PoolFull(self.open, 0 if self.open >= self._limits.to_one else self._total.in_use)
            connection = await self._next_free(deadline, full)
            now = loop.time()
            if deadline - now < _MIN_REMAINING_SHARE * (now - since):
                self._pass_on(connection)
                raise full
            if connection is None:
                return await self._opened(deadline)
            if connection.is_usable and not (checked and connection.has_ended()):
                return connection
            connection.abort()

    def give_back(self, connection: Connection) -> None:
        """Return a connection to the pool, for the next waiter or as idle; close it if it is not reusable."""
        if self._is_closed or not connection.rest():
            connection.abort()
            return
        self._idle[connection] = None
        self._total.idle += 1
        if self._total.waiting:
            self._total.serve()
        if len(self._idle) > self._limits.idle and self._trimming is None:
            self._trimming = asyncio.get_running_loop().call_later(_TRIM_DELAY, self._trim)

    def forget_idle(self) -> None:
        """Close the idle connections, because one of them was stale."""
        while self.give_up_idle():
            pass

    def give_up_idle(self) -> bool:
        """Close the connection that has been idle longest; return whether there was one."""
        connection = next(iter(self._idle), None)
        if connection is None:
            return False
        connection.abort()
        return True

    def give_up_slow(self, number: int) -> None:
        """Close connections held by slow clients, the slowest first.

        Args:
            number: The maximum number to close.
        """
        overdue = [(each.client_overdue(), each) for each in self._all]
        slow = sorted((each for each in overdue if each[0] > 0), key=lambda each: -each[0])
        for _, connection in slow[:number]:
            connection.give_up_client()

    @property
    def is_unused(self) -> bool:
        """Whether there is no connection and no waiter."""
        return not self.open and not self._waiters

    @property
    def has_idle(self) -> bool:
        """Whether there is an idle connection."""
        return bool(self._idle)

    @property
    def waiting(self) -> int:
        """The number of waiters."""
        return len(self._waiters)

    @property
    def first_turn(self) -> int:
        """The sequence number of the first waiter."""
        return self._waiters[0][0]

    def serve_first(self) -> None:
        """Pass an idle connection, or permission to open one, to the first waiter."""
        if self._waiters[0][1].done():  # cancelled just now
            self._pop_waiter()
            return
        connection = self.kept()
        if connection is None:
            if not self._total.make_room(self):
                return
            self._count(1)
        self._pop_waiter().set_result(connection)

    def dismiss(self) -> None:
        """Close the pool for new requests, and reject the waiters."""
        self._is_closed = True
        if self._trimming is not None:
            self._trimming.cancel()
        while self._waiters:
            waiter = self._pop_waiter()
            if not waiter.done():
                waiter.set_exception(ConnectionAbortedError())

    async def aclose(self) -> None:
        """Close all connections; call ``dismiss`` first."""
        connections = list(self._all)
        for connection in connections:
            connection.abort()
        for connection in connections:
            await connection.wait_lost()

    async def _opened(self, deadline: float) -> Connection:
        """Open a connection, which is already counted."""
        try:
            connection = await self._connect(self._forget, deadline)
        except BaseException:
            self._free()
            raise
        self._all.add(connection)
        if self._is_closed:
            connection.abort()
            raise ConnectionAbortedError
        if not connection.is_usable:  # it was closed right after it was opened
            self._forget(connection)
        return connection

    async def _next_free(self, deadline: float, full: PoolFull) -> Connection | None:
        """Wait for a connection; return None for permission to open one.

        Args:
            deadline: When to give up.
            full: The exception to raise then.

        Raises:
            PoolFull: No connection became free in time.
        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Connection | None] = loop.create_future()
        entry = self._total.next_turn(), waiter
        self._waiters.append(entry)
        self._total.await_connection(self)
        try:
            async with asyncio.timeout_at(deadline):
                return await waiter
        except BaseException as fault:
            if entry in self._waiters:
                self._waiters.remove(entry)
                self._total.note_waiters(self)
            elif not (
                waiter.cancelled() or waiter.exception()
            ):  # it was assigned at the same moment: pass it on
                self._pass_on(waiter.result())
            if isinstance(fault, TimeoutError):
                raise full from None
            raise

    def _pass_on(self, connection: Connection | None) -> None:
        """Pass a connection, or permission to open one, to the next waiter."""
        if connection is None:
            self._free()
        else:
            self.give_back(connection)

    def _pop_waiter(self) -> asyncio.Future[Connection | None]:
        _, waiter = self._waiters.popleft()
        self._total.note_waiters(self)
        return waiter

    def _count(self, change: int) -> None:
        self.open += change
        self._total.open += change

    def _free(self) -> None:
        self._count(-1)
        self._total.serve()

    def _forget(self, connection: Connection) -> None:
        if connection in self._all:
            self._all.discard(connection)
            if connection in self._idle:
                del self._idle[connection]
                self._total.idle -= 1
            self._free()

    def _trim(self) -> None:
        self._trimming = None
        while len(self._idle) > self._limits.idle:
            self.give_up_idle()
