"""How far an invocation has come, for whoever watches it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Watch = Callable[[int, int, str], Awaitable[None]]
"""Is told how many steps are over, how many there are, and which has just ended; empty as they begin."""

_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Have somebody watch what is invoked in here."""
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


class Progress:
    """How far a flow has come.

    Args:
        total: How many steps it has.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._watch = _watch.get()

    async def begin(self) -> None:
        """Tell that the flow begins."""
        if self._watch is not None:
            await self._watch(0, self._total, "")

    async def advance(self, step: str) -> None:
        """Tell that a step is over."""
        self._done += 1
        if self._watch is not None:
            await self._watch(self._done, self._total, step)
