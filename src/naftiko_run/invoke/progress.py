"""How far an invocation has come, for whoever watches it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ProgressCallback = Callable[[int, int, str], Awaitable[None]]
"""Is told how many steps are over, how many there are, and which has just ended; empty as they begin."""

_callback: ContextVar[ProgressCallback | None] = ContextVar("watch", default=None)


@contextmanager
def report_progress(watch: ProgressCallback) -> Iterator[None]:
    """Have somebody watch what is invoked in here."""
    token = _callback.set(watch)
    try:
        yield
    finally:
        _callback.reset(token)


class Progress:
    """How far a flow has come.

    Args:
        total: How many steps it has.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._callback = _callback.get()

    async def begin(self) -> None:
        """Tell that the flow begins."""
        if self._callback is not None:
            await self._callback(0, self._total, "")

    async def advance(self, step: str) -> None:
        """Tell that a step is over."""
        self._done += 1
        if self._callback is not None:
            await self._callback(self._done, self._total, step)
