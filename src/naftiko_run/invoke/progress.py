"""Progress of an invocation, reported to a callback."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ProgressCallback = Callable[[int, int, str], Awaitable[None]]
"""Receives the number of finished steps, the number of all steps, and the step that has just finished; empty at first."""

_callback: ContextVar[ProgressCallback | None] = ContextVar("watch", default=None)


@contextmanager
def report_progress(watch: ProgressCallback) -> Iterator[None]:
    """Report the progress of invocations in this context to a callback."""
    token = _callback.set(watch)
    try:
        yield
    finally:
        _callback.reset(token)


class Progress:
    """The progress of one flow.

    Args:
        total: The number of its steps.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._callback = _callback.get()

    async def begin(self) -> None:
        """Report that the flow begins."""
        if self._callback is not None:
            await self._callback(0, self._total, "")

    async def advance(self, step: str) -> None:
        """Report that a step has finished."""
        self._done += 1
        if self._callback is not None:
            await self._callback(self._done, self._total, step)
