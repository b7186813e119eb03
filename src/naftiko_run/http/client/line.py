"""The line to an upstream: whether it is open, and whether there is room for more of what is sent."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from functools import partial
from typing import cast

from naftiko_run.http.client.errors import BROKEN_OFF

Poll = Callable[[], object]
"""Returns something true where a socket can be read."""


class Broken(Exception):
    """A connection that cannot be used any more; the message is a reason for people."""


class Line(asyncio.Protocol):
    """A line, from when it is made until it is gone.

    Args:
        loop: The running one.
    """

    __slots__ = ("_is_gone", "_is_stuck", "_loop", "_lost", "_poll", "_room", "_transport", "_unsent")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._lost: asyncio.Future[None] = loop.create_future()
        self._room: asyncio.Future[None] | None = None
        self._unsent = 0
        self._poll: Poll | None = None
        self._is_gone = False
        self._is_stuck = False

    @property
    def is_usable(self) -> bool:
        """Whether a request can be sent."""
        return not self._is_gone and self._transport is not None and not self._transport.is_closing()

    def has_ended(self) -> bool:
        """Return whether the other side has closed an idle line, though the event loop may not have seen it yet.

        Anything that can be read counts: nobody asked for it.
        """
        if self._poll is None:
            assert self._transport is not None
            self._poll = _poll_of(self._transport.get_extra_info("socket").fileno())
        return bool(self._poll())

    def abort(self) -> None:
        """Close the line at once; nothing happens where it is closed already."""
        if self._transport is not None:
            self._transport.abort()
        self._go()

    async def wait_lost(self) -> None:
        """Wait until the line is closed."""
        await self._lost

    def on_gone(self) -> None:
        """Hear, once, that the line cannot be used any more."""

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        if self._is_gone:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's form
        """End."""
        if self._room is not None and not self._room.done():
            self._room.set_exception(Broken(BROKEN_OFF))
        self._go()
        if not self._lost.done():
            self._lost.set_result(None)

    def pause_writing(self) -> None:
        """Hear that the upstream takes no more for now."""
        self._is_stuck = True
        assert self._transport is not None
        self._unsent = self._transport.get_write_buffer_size()

    def resume_writing(self) -> None:
        """Hear that it does again."""
        self._is_stuck = False
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    # For who builds on it

    async def _wait_for_room(self) -> None:
        if self._is_stuck:
            self._room = self._loop.create_future()
            await self._room

    def _has_sent_more(self) -> bool:
        """Whether the upstream took something of a long request since this was last asked."""
        if not self._is_stuck:
            return False
        assert self._transport is not None
        before, self._unsent = self._unsent, self._transport.get_write_buffer_size()
        return self._unsent < before

    def _go(self) -> None:
        if not self._is_gone:
            self._is_gone = True
            self.on_gone()


def _poll_of(number: int) -> Poll:
    """Return what asks the kernel whether a file descriptor can be read."""
    if not hasattr(select, "poll"):  # Windows
        return lambda: select.select((number,), (), (), 0)[0]
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return partial(poll.poll, 0)
