"""Run a context manager in a task of its own: a task group must exit in the task that entered it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from contextvars import Context


class Lifespan:
    """One run of a context manager in an event loop.

    Args:
        enter: Returns the context that is entered until the run is stopped.
    """

    def __init__(self, enter: Callable[[], AbstractAsyncContextManager[None]]) -> None:
        self._loop = asyncio.get_running_loop()
        self._enter = enter
        self._started: asyncio.Future[None] = self._loop.create_future()
        self._stopping = asyncio.Event()
        self._task = self._loop.create_task(self._run(), context=Context())

    @property
    def is_started(self) -> bool:
        """Whether the context is entered."""
        return self._started.done() and not self._task.done()

    @property
    def has_ended(self) -> bool:
        """Whether the run has ended or failed to start."""
        return self._task.done()

    @property
    def is_of_running_loop(self) -> bool:
        """Whether it belongs to the running event loop."""
        return self._loop is asyncio.get_running_loop()

    async def started(self) -> None:
        """Wait until the context is entered; raise what entering it raised."""
        await asyncio.shield(self._started)

    async def stop(self) -> None:
        """Exit the context, and wait until it has exited."""
        self._stopping.set()
        await self._task

    async def _run(self) -> None:
        try:
            async with self._enter():
                self._started.set_result(None)
                await self._stopping.wait()
        except Exception as fault:
            if self._started.done():
                raise
            self._started.set_exception(fault)
        finally:
            if not self._started.done():
                self._started.cancel()
