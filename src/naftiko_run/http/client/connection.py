"""One connection to an upstream: one exchange at a time, with timeouts and back-pressure."""

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
"""The number of buffered body bytes at which reading from the upstream pauses."""
_MAX_PIECES: Final = 4096
CLIENT_GRACE: Final = 5.0
"""How many seconds the client of a stream may keep its connection waiting, whatever its transfer rate."""
CLIENT_RATE: Final = 16 * 1024
"""The minimum transfer rate after that, in bytes per second; a slower client loses its connection if others wait."""
CLIENT_SECONDS: Final = 13.0
"""The maximum of both together: less than the time that calls wait for a connection."""
_CLIENT_STEP: Final = 64 * 1024
IDLE_SECONDS: Final = 50.0
"""How many seconds an idle connection is kept: common load balancers close it after 60, nginx after 75."""


Poll = Callable[[], object]
"""Returns a true value if a socket is readable."""


class Broken(Exception):
    """The connection became unusable; the message is a human-readable reason."""


class OutOfTime(Exception):
    """The upstream took too long.

    Args:
        is_silence: Whether a pause in a stream took too long, not the whole exchange.
    """

    def __init__(self, *, is_silence: bool) -> None:
        super().__init__()
        self.is_silence = is_silence


class SlowClient(Exception):
    """The client of a stream was too slow, and another request needed its connection."""


class Connection(asyncio.Protocol):
    """A connection to an upstream.

    One timer checks all timeouts periodically, because setting one for each wait would cost more.

    Args:
        loop: The running event loop.
        on_gone: Called once, when the connection becomes unusable.

    Attributes:
        reader: The response that is being received.
        is_idle: Whether the connection is not in use.
        was_used: Whether a response was received before.
        has_heard: Whether any bytes were received since the last request.
        is_eager: Whether to wait only for the head of a response without Content-Length.
        sending: The task that sends a streamed request body; None for none.
        deadline: The deadline of the exchange, in the event loop's time; infinite for a stream, in which only each
            pause has a timeout.
    """

    __slots__ = (
        "_client_bytes",
        "_client_since",
        "_drained",
        "_fault",
        "_interval",
        "_is_gone",
        "_is_paused",
        "_is_write_paused",
        "_loop",
        "_lost",
        "_max_idle",
        "_next_check",
        "_on_complete",
        "_on_gone",
        "_poll",
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
        self._drained: asyncio.Future[None] | None = None
        self._unsent = 0
        self._poll: Poll | None = None
        self._is_gone = False
        self._is_write_paused = False
        self._timeout = self._interval = IDLE_SECONDS
        self._on_gone = on_gone
        self._timer: asyncio.TimerHandle | None = None
        self._next_check = math.inf
        self._since = loop.time()
        self._client_since = math.inf
        self._client_bytes = 0
        self._max_idle = IDLE_SECONDS
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
        """Return whether the upstream has closed an idle connection, even if the event loop has not noticed yet.

        Any readable data counts as closed, because no request was sent.
        """
        if self._poll is None:
            assert self._transport is not None
            self._poll = _poll_of(self._transport.get_extra_info("socket").fileno())
        return bool(self._poll())

    def abort(self) -> None:
        """Close the connection at once; a no-op if it is closed already."""
        if self._transport is not None:
            self._transport.abort()
        self._close()

    async def wait_lost(self) -> None:
        """Wait until the connection is closed."""
        await self._lost

    # Called by the transport

    def ask(
        self, data: bytes, more: bytes, wanted: int, timeout: float, deadline: float, *, bodiless: bool
    ) -> asyncio.Future[None]:
        """Send a request, or its first part.

        Args:
            data: The first bytes of the request.
            more: Further bytes, if joining them with ``data`` would be too expensive; empty for none.
            wanted: Wait until the response is complete, or has or declares more body bytes than this.
            timeout: The timeout of the exchange in seconds; for a stream, of each pause.
            deadline: The deadline of the exchange; 0 for ``timeout`` seconds from now.
            bodiless: Whether the response has no body, whatever its headers declare: the request is HEAD.

        Returns:
            A future that is done when ``wanted`` is reached. It raises ``Broken``, ``OutOfTime``, or the exception that
            sending the body raised.

        Raises:
            Broken: The connection is closed; nothing was sent.
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
        if self.deadline < self._next_check:
            self._interval = min(self._interval, timeout)
            self._check_at(self.deadline)
        self._waiter = waiter = self._loop.create_future()
        self._transport.write(data)
        if more:
            self._transport.write(more)
        return waiter

    def begin_stream(self, on_complete: Callable[[], None], *, is_read: bool) -> None:
        """Replace the deadline of the exchange by a timeout for each pause.

        Args:
            on_complete: Called when the response is complete and no ``read`` is pending.
            is_read: Whether a ``read`` is pending.
        """
        self.deadline = math.inf
        if not is_read:
            self._waiter = None
        self._on_complete = on_complete

    async def read(self) -> bytes:
        """Return the next body chunk, waiting for one if none is buffered; empty at the end.

        Raises:
            Broken: The connection was lost.
            OutOfTime: No data was received in time.
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
        """Suspend the deadline while a request body is streamed: the upstream may not respond before its end.

        Args:
            sending: The task that sends the body.
        """
        self.sending = sending
        self.deadline = math.inf
        self._client_since = self._loop.time()
        self._client_bytes = 0

    def end_sending(self) -> None:
        """Start the deadline of the response: the request body was sent."""
        self._since = self._loop.time()
        self.deadline = self._since + self._timeout

    async def send(self, data: bytes) -> None:
        """Send a chunk of a body, and wait until the write buffer accepts more.

        Raises:
            Broken: The connection was lost.
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
        await self._wait_drained()

    def rest(self) -> bool:
        """Mark the connection idle if the response is complete and it can be reused; return whether it is."""
        reader = self.reader
        transport = self._transport
        if not reader.is_complete or not reader.keeps or self._is_gone or transport is None:
            return False
        if transport.is_closing() or not (self.sending is None or self.sending.done()):
            return False
        keep_alive = reader.head.keeps_seconds if reader.head is not None else 0
        self._max_idle = keep_alive - 1.0 if 0 < keep_alive <= IDLE_SECONDS else IDLE_SECONDS
        self.is_idle = self.was_used = True
        self._waiter = self._on_complete = None
        self._client_since = math.inf
        self._since = self._loop.time()
        if self._is_paused:
            self._resume()
        return True

    def wake(self) -> bool:
        """Mark the connection in use; return whether it was not idle for too long and can send a request."""
        self.is_idle = False
        is_fresh = self._loop.time() - self._since < self._max_idle
        return is_fresh and self.is_usable

    def client_overdue(self) -> float:
        """Return by how many seconds the client of a stream exceeds the time it may keep the connection waiting.

        The client is too slow if it neither sends its request body nor reads the response fast enough. The result
        is 0 or less if it is fast enough, or if the connection waits for the upstream.
        """
        if self.is_idle or not self._waits_for_client():
            return 0.0
        allowed = min(CLIENT_SECONDS, CLIENT_GRACE + self._client_bytes / CLIENT_RATE)
        return self._loop.time() - self._client_since - allowed

    def give_up_client(self) -> None:
        """Abort the exchange because its client is too slow."""
        self.fail(SlowClient())

    def fail(self, fault: Exception) -> None:
        """Abort the exchange with an exception, and close the connection."""
        if self._fault is None:
            self._fault = fault
        self._wake()
        self.abort()

    async def stop_sending(self) -> None:
        """Wait until the task that sends the request body has ended; call after closing the connection."""
        if self.sending is not None:
            await asyncio.wait({self.sending})

    # Called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called when the connection is established."""
        self._transport = cast("asyncio.Transport", transport)
        if self._is_gone:
            self._transport.abort()
        else:
            self._check_at(self._loop.time() + self._interval)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called when the connection is closed, which may complete the response body."""
        reader = self.reader
        if self._fault is None and (exc is not None or not reader.feed_end()):
            self._fault = Broken(BROKEN_OFF)
        reader.drop()
        self._wake()
        if self._drained is not None and not self._drained.done():
            self._drained.set_exception(Broken(BROKEN_OFF))
        self._close()
        if not self._lost.done():
            self._lost.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Called with received bytes: parse them."""
        if self._is_gone:
            return
        if self.is_idle:  # no request was sent
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
        self._is_write_paused = True
        assert self._transport is not None
        self._unsent = self._transport.get_write_buffer_size()

    def resume_writing(self) -> None:
        """Called when the write buffer has drained."""
        self._since = self._client_since = self._loop.time()
        self._client_bytes = 0
        self._is_write_paused = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

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

    def _check(self) -> None:
        """Check the timeouts, and schedule the next check."""
        now = self._loop.time()
        deadline = math.inf
        if self.is_idle:
            due = self._since + self._max_idle
        else:
            if self._waits_for_client() or self._has_sent_more():
                self._since = now
            if not self.reader.is_complete:
                deadline = self.deadline
            due = min(self._since + self._timeout, deadline)
        if due > now:
            self._check_at(min(due, now + self._interval))
        elif self.is_idle:
            self.abort()
        else:
            self.fail(OutOfTime(is_silence=deadline > now))

    def _check_at(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next_check = when
        self._timer = self._loop.call_at(when, self._check)

    def _waits_for_client(self) -> bool:
        """Return whether the exchange waits for its client: no read is pending, or a request body is streamed."""
        if self._waiter is None or self._waiter.done():
            return True
        return self.sending is not None and not self.sending.done() and not self._is_write_paused

    async def _wait_drained(self) -> None:
        if self._is_write_paused:
            self._drained = self._loop.create_future()
            await self._drained

    def _has_sent_more(self) -> bool:
        """Return whether part of the buffered request was sent since the last call."""
        if not self._is_write_paused:
            return False
        assert self._transport is not None
        before, self._unsent = self._unsent, self._transport.get_write_buffer_size()
        return self._unsent < before

    def _close(self) -> None:
        """Release resources and call ``on_gone``, once."""
        if self._is_gone:
            return
        self._is_gone = True
        if self._timer is not None:
            self._timer.cancel()
        if self.sending is not None:
            self.sending.cancel()
        self._on_gone(self)


def _poll_of(number: int) -> Poll:
    """Return a function that asks the kernel whether a file descriptor is readable."""
    if not hasattr(select, "poll"):  # Windows
        return lambda: select.select((number,), (), (), 0)[0]
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return partial(poll.poll, 0)
