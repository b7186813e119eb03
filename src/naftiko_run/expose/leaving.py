"""Clients that go away: what was done for them ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from weakref import WeakKeyDictionary

from naftiko_run.expose.body import Disconnected
from naftiko_run.expose.exposer import Receive

T = TypeVar("T")

LONG_SECONDS: Final = 0.25
"""How long something takes, or up to twice that, before it is worth a look at whether anybody still waits for it."""


async def while_there(receive: Receive, work: Awaitable[T]) -> T:
    """Do something for as long as the client is there.

    The client is looked after only once the work has taken long: most is over before.

    Args:
        receive: The client's ASGI channel. Nothing else may read it meanwhile; what is left of the
            request is passed over.
        work: What to do, in the task that asks for it.

    Raises:
        Disconnected: The client went away; the work was ended.
    """
    with _Watch(receive):
        return await work


class _Watch:
    """Ends what the current task does in it when the client goes away.

    Args:
        receive: The client's ASGI channel.
    """

    __slots__ = ("_before", "_has_gone", "_receive", "_task", "_watcher", "_watches", "takes_long")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._watcher: asyncio.Task[None] | None = None
        self._has_gone = False
        self.takes_long = False

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None  # every request has one
        self._task: asyncio.Task[Any] = task
        self._before = task.cancelling()
        watches = _of_loops.get(loop)
        if watches is None:
            watches = _of_loops[loop] = _Watches()
        self._watches = watches
        watches.add(self, loop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watches.remove(self)
        if self._watcher is not None:
            self._watcher.cancel()
        # The task may have been ended from elsewhere too: then it is, and not only what it did in here.
        if self._has_gone and self._task.uncancel() <= self._before and kind is asyncio.CancelledError:
            raise Disconnected from None

    def begin(self) -> None:
        """Look after the client from now on."""
        self._watcher = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._has_gone = True
        self._task.cancel()


class _Watches:
    """What goes on in an event loop; one timer for all finds what takes long."""

    __slots__ = ("_going", "_is_timed")

    def __init__(self) -> None:
        self._going: set[_Watch] = set()
        self._is_timed = False

    def add(self, watch: _Watch, loop: asyncio.AbstractEventLoop) -> None:
        """Have something found if it takes long."""
        self._going.add(watch)
        if not self._is_timed:
            self._is_timed = True
            loop.call_later(LONG_SECONDS, self._look)

    def remove(self, watch: _Watch) -> None:
        """Note that something is over."""
        self._going.discard(watch)

    def _look(self) -> None:
        for watch in [each for each in self._going if each.takes_long]:
            self._going.discard(watch)
            watch.begin()
        for watch in self._going:
            watch.takes_long = True
        self._is_timed = bool(self._going)
        if self._is_timed:
            asyncio.get_running_loop().call_later(LONG_SECONDS, self._look)


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Watches] = WeakKeyDictionary()
