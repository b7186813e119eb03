"""One connection to an upstream: one exchange at a time, its time limits, its back-pressure."""

from __future__ import annotations

import asyncio
import math
import select
from collections.abc import Callable
from functools import partial
from typing import Final, cast

from naftiko_run.http.client.errors import BROKEN_OFF
from naftiko_run.http.client.response_parser import InvalidResponseData, ResponseParser

MAX_BUFFERED: Final = 256 * 1024
"""How much of a body waits for who reads it; more is left to the upstream to hold."""
_MAX_PIECES: Final = 4096
CLIENT_GRACE: Final = 5.0
"""For how many seconds the client of a stream may keep its connection waiting, whatever it moves."""
CLIENT_RATE: Final = 16 * 1024
"""How many bytes a second it must move beyond that; a slower one gives its connection up to those who wait for it."""
CLIENT_SECONDS: Final = 13.0
"""The most that makes together: less than calls wait for a connection."""
_CLIENT_STEP: Final = 64 * 1024
IDLE_SECONDS: Final = 50.0
"""How long a connection is kept: common balancers close after 60 seconds, nginx after 75."""


Poll = Callable[[], object]
"""Returns something true where a socket can be read."""


class Broken(Exception):
    """A connection that cannot be used any more; the message is a reason for people."""


class OutOfTime(Exception):
    """The upstream took too long.

    Args:
        is_silence: Whether it is not the exchange that took too long, but a pause in it.
    """

    def __init__(self, *, is_silence: bool) -> None:
        super().__init__()
        self.is_silence = is_silence


class SlowClient(Exception):
    """The client of a stream was too slow, and its connection was needed."""


class Connection(asyncio.Protocol):
    """A connection.

    One timer looks now and then whether whoever waits has waited too long; it is
    not set anew with every wait.

    Args:
        loop: The running one.
        on_gone: Called once, when the connection cannot be used any more.

    Attributes:
        reader: The response that is being received.
        is_idle: Whether nobody uses it.
        was_used: Whether a response came over it before.
        has_heard: Whether anything came since the last request.
        is_eager: Whether a response that does not say its length is waited for only until its head is there.
        sending: Sends the rest of a body that streams; None for none.
        deadline: When the exchange must be over, in the event loop's time; infinite for a stream, in which
            only each pause has a limit.
    """

    __slots__ = (
        "_client_bytes",
        "_client_since",
        "_fault",
        "_interval",
        "_is_gone",
        "_is_paused",
        "_is_stuck",
        "_looks_at",
        "_loop",
        "_lost",
        "_most_idle",
        "_on_complete",
        "_on_gone",
        "_poll",
        "_room",
        "_since",
        "_timeout",
        "_timer",
        "_transport",
        "_unsent",
        "_waiter",
        "_wanted",
        "deadline",
        "has_heard",
        "is_eager",
        "is_idle",
        "reader",
        "sending",
        "was_used",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, on_gone: Callable[[Connection], None]) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._lost: asyncio.Future[None] = loop.create_future()
        self._room: asyncio.Future[None] | None = None
        self._unsent = 0
        self._poll: Poll | None = None
        self._is_gone = False
        self._is_stuck = False
        self._timeout = self._interval = IDLE_SECONDS
        self._on_gone = on_gone
        self._timer: asyncio.TimerHandle | None = None
        self._looks_at = math.inf
        self._since = loop.time()
        self._client_since = math.inf
        self._client_bytes = 0
        self._most_idle = IDLE_SECONDS
        self._waiter: asyncio.Future[None] | None = None
        self._wanted = 0
        self._fault: Exception | None = None
        self._is_paused = False
        self.reader = ResponseParser()
        self.is_idle = False
        self.was_used = False
        self.has_heard = False
        self.is_eager = False
        self.sending: asyncio.Task[None] | None = None
        self.deadline = math.inf
        self._on_complete: Callable[[], None] | None = None

    @property
    def is_usable(self) -> bool:
        """Whether a request can be sent."""
        return not self._is_gone and self._transport is not None and not self._transport.is_closing()

    def has_ended(self) -> bool:
        """Return whether the upstream has closed an idle connection, though the event loop may not have seen it yet.

        Anything that can be read counts: no request was sent.
        """
        if self._poll is None:
            assert self._transport is not None
            self._poll = _poll_of(self._transport.get_extra_info("socket").fileno())
        return bool(self._poll())

    def abort(self) -> None:
        """Close the connection at once; do nothing where it is closed already."""
        if self._transport is not None:
            self._transport.abort()
        self._go()

    async def wait_lost(self) -> None:
        """Wait until the connection is closed."""
        await self._lost

    # For the transport

    def ask(
        self, data: bytes, more: bytes, wanted: int, timeout: float, deadline: float, *, bodiless: bool
    ) -> asyncio.Future[None]:
        """Send a request, or its beginning.

        Args:
            data: Its bytes.
            more: Those behind them, where they are too many to be joined; empty for none.
            wanted: The response is waited for until it is whole, or has more bytes than that, or will have.
            timeout: How many seconds the exchange may take; of a stream, each pause in it.
            deadline: When the exchange must be over; 0 for ``timeout`` seconds from now.
            bodiless: Whether the response has no body whatever it says: the request is HEAD.

        Returns:
            Done when so much is there. Raises ``Broken`` or ``OutOfTime``, or what sending the body raised.

        Raises:
            Broken: The connection has ended; nothing was sent.
        """
        if self._is_gone or self._transport is None:
            raise Broken(BROKEN_OFF)
        self.reader.expect(bodiless=bodiless)
        self.has_heard = False
        self.sending = None
        self._wanted = wanted
        self._since = now = self._loop.time()
        self._timeout = timeout
        self.deadline = deadline or now + timeout
        if self.deadline < self._looks_at:
            self._interval = min(self._interval, timeout)
            self._look_at(self.deadline)
        self._waiter = waiter = self._loop.create_future()
        self._transport.write(data)
        if more:
            self._transport.write(more)
        return waiter

    def begin_stream(self, on_complete: Callable[[], None], *, is_read: bool) -> None:
        """Limit only the pauses in the rest of the response, no longer its whole time.

        Args:
            on_complete: Called when it is whole while nobody waits in ``read``.
            is_read: Whether somebody does.
        """
        self.deadline = math.inf
        if not is_read:
            self._waiter = None
        self._on_complete = on_complete

    async def read(self) -> bytes:
        """Return the next body chunk, waiting for one if none is buffered; empty at the end.

        Raises:
            Broken: The connection broke.
            OutOfTime: Nothing came.
        """
        reader = self.reader
        while not reader.size and not reader.is_complete:
            if self._fault is not None:
                raise self._fault
            self._wanted = 0
            self._since = self._loop.time()
            self._waiter = self._loop.create_future()
            await self._waiter
            self._waiter = None
        data = reader.take()
        if self._is_paused:
            self._resume()
        self._client_since = self._loop.time()
        self._client_bytes = len(data)
        return data

    def begin_sending(self, sending: asyncio.Task[None]) -> None:
        """Note that a body streams: until it is sent, the upstream cannot be expected to answer.

        Args:
            sending: Sends it.
        """
        self.sending = sending
        self.deadline = math.inf
        self._client_since = self._loop.time()
        self._client_bytes = 0

    def end_sending(self) -> None:
        """Note that the body was sent: from now on the upstream's time runs."""
        self._since = self._loop.time()
        self.deadline = self._since + self._timeout

    async def send(self, data: bytes) -> None:
        """Send more of a body, and wait until there is room for yet more.

        Raises:
            Broken: The connection broke.
        """
        if not self.is_usable:
            raise self._fault or Broken(BROKEN_OFF)
        assert self._transport is not None
        self._transport.write(data)
        self._since = self._loop.time()
        self._client_bytes += len(data)
        if self._client_bytes >= _CLIENT_STEP:
            self._client_since = self._since
            self._client_bytes = 0
        await self._wait_for_room()

    def rest(self) -> bool:
        """Begin to be idle, if the response is whole and another request can be sent; say whether it is so."""
        reader = self.reader
        transport = self._transport
        if not reader.is_complete or not reader.keeps or self._is_gone or transport is None:
            return False
        if transport.is_closing() or not (self.sending is None or self.sending.done()):
            return False
        told = reader.head.keeps_seconds if reader.head is not None else 0
        self._most_idle = told - 1.0 if 0 < told <= IDLE_SECONDS else IDLE_SECONDS
        self.is_idle = self.was_used = True
        self._waiter = self._on_complete = None
        self._client_since = math.inf
        self._since = self._loop.time()
        if self._is_paused:
            self._resume()
        return True

    def wake(self) -> bool:
        """Cease to be idle; say whether it was not for too long, and a request can be sent."""
        self.is_idle = False
        is_fresh = self._loop.time() - self._since < self._most_idle
        return is_fresh and self.is_usable

    def client_overdue(self) -> float:
        """Return for how many seconds too long the client of a stream has kept the connection waiting.

        That is: it neither sends the rest of its body nor takes the answer as fast as it must; 0 or less
        where it is fast enough, or where it is the upstream that is waited for.
        """
        if self.is_idle or not self._waits_for_others():
            return 0.0
        allowed = min(CLIENT_SECONDS, CLIENT_GRACE + self._client_bytes / CLIENT_RATE)
        return self._loop.time() - self._client_since - allowed

    def give_up_client(self) -> None:
        """End the exchange because its client is too slow."""
        self.fail(SlowClient())

    def fail(self, fault: Exception) -> None:
        """End the exchange with a fault, and with it the connection."""
        if self._fault is None:
            self._fault = fault
        self._wake()
        self.abort()

    async def stop_sending(self) -> None:
        """Wait until nothing of a body is sent any more, now that the connection is closed."""
        if self.sending is not None:
            await asyncio.wait({self.sending})

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        if self._is_gone:
            self._transport.abort()
        else:
            self._look_at(self._loop.time() + self._interval)

    def connection_lost(self, exc: Exception | None) -> None:
        """End; a body that ends with the connection is whole then."""
        reader = self.reader
        if self._fault is None and (exc is not None or not reader.feed_end()):
            self._fault = Broken(BROKEN_OFF)
        reader.drop()
        self._wake()
        if self._room is not None and not self._room.done():
            self._room.set_exception(Broken(BROKEN_OFF))
        self._go()
        if not self._lost.done():
            self._lost.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Read what has come."""
        if self._is_gone:
            return
        if self.is_idle:  # nobody asked
            self.abort()
            return
        self.has_heard = True
        reader = self.reader
        try:
            reader.feed(data)
        except InvalidResponseData as fault:
            self.fail(Broken(str(fault)))
            return
        if reader.is_complete:
            if self._on_complete is not None and self._waiter is None:
                self._on_complete()
            else:
                self._wake()
            return
        self._since = self._loop.time()
        head = reader.head
        if head is not None and (
            reader.size > self._wanted
            or head.declared > self._wanted
            or (self.is_eager and (head.coding is not None or not head.has_length))
        ):
            self._wake()
        if (reader.size > MAX_BUFFERED or len(reader.pieces) > _MAX_PIECES) and not self._is_paused:
            self._wake()
            self._is_paused = True
            assert self._transport is not None
            self._transport.pause_reading()

    def pause_writing(self) -> None:
        """Called when the write buffer is full."""
        self._is_stuck = True
        assert self._transport is not None
        self._unsent = self._transport.get_write_buffer_size()

    def resume_writing(self) -> None:
        """Called when the write buffer has room again."""
        self._since = self._client_since = self._loop.time()
        self._client_bytes = 0
        self._is_stuck = False
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            if self._fault is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(self._fault)

    def _resume(self) -> None:
        self._is_paused = False
        if self.is_usable:
            assert self._transport is not None
            self._transport.resume_reading()

    def _look(self) -> None:
        """Look whether whoever waits has waited too long, and when to look again."""
        now = self._loop.time()
        deadline = math.inf
        if self.is_idle:
            due = self._since + self._most_idle
        else:
            if self._waits_for_others() or self._has_sent_more():
                self._since = now
            if not self.reader.is_complete:
                deadline = self.deadline
            due = min(self._since + self._timeout, deadline)
        if due > now:
            self._look_at(min(due, now + self._interval))
        elif self.is_idle:
            self.abort()
        else:
            self.fail(OutOfTime(is_silence=deadline > now))

    def _look_at(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._looks_at = when
        self._timer = self._loop.call_at(when, self._look)

    def _waits_for_others(self) -> bool:
        """Whether it is not the upstream that is waited for: nobody waits, or for a body that streams."""
        if self._waiter is None or self._waiter.done():
            return True
        return self.sending is not None and not self.sending.done() and not self._is_stuck

    async def _wait_for_room(self) -> None:
        if self._is_stuck:
            self._room = self._loop.create_future()
            await self._room

    def _has_sent_more(self) -> bool:
        """Return whether some of a long request was sent since the last call."""
        if not self._is_stuck:
            return False
        assert self._transport is not None
        before, self._unsent = self._unsent, self._transport.get_write_buffer_size()
        return self._unsent < before

    def _go(self) -> None:
        """Release what the connection holds, and call ``on_gone``; once."""
        if self._is_gone:
            return
        self._is_gone = True
        if self._timer is not None:
            self._timer.cancel()
        if self.sending is not None:
            self.sending.cancel()
        self._on_gone(self)


def _poll_of(number: int) -> Poll:
    """Return what asks the kernel whether a file descriptor can be read."""
    if not hasattr(select, "poll"):  # Windows
        return lambda: select.select((number,), (), (), 0)[0]
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return partial(poll.poll, 0)
