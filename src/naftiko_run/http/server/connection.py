"""One client connection: parses requests, and sends responses in the order of the requests."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import sys
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

from uvicorn import Config

from naftiko_run.errors import ResponseAborted
from naftiko_run.http.server.request_cycle import RESPONSE, RequestCycle
from naftiko_run.http.server.request_parser import RequestParser
from naftiko_run.http.server.response_writer import write_response_head
from naftiko_run.http.server.state import State
from naftiko_run.http.server.validation import not_http, problem_document

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Scope

_log = logging.getLogger(__name__)

IDLE_SECONDS: Final = 75
"""How many seconds an idle connection is kept, or one whose client reads the response too slowly."""
REQUEST_SECONDS: Final = 30
"""The timeout in seconds for the head of a request, and for the rest of a body that the app does not read; while the
app reads a body, the minimum rate applies to each such period."""
MIN_BYTES_PER_SECOND: Final = 240
"""The minimum rate at which a client must send a body that the app reads, and read a response."""
_END_SECONDS: Final = 1
"""How many seconds a client may take to close a connection after its last response while the server stops."""
_NO_LINGERING: Final = struct.pack("ii", 1, 0)
DISCONNECT: Final = sys.intern("naftiko.disconnect")
"""The ASGI extension of a callback for a disconnect: its value has ``is_disconnected`` and ``on_disconnect``."""
_SUPPORTED: Final[dict[str, Any]] = {}
_MAX_PIPELINED: Final = 1000
"""The maximum number of pipelined requests."""


class ClientConnection(RequestParser):
    """A client connection, with the interface that uvicorn's server expects of a protocol.

    Args:
        config: uvicorn's configuration, with the app.
        server_state: The connections and tasks of the server.
        app_state: The state of uvicorn's lifespan; not used.
        _loop: The running event loop.
    """

    __slots__ = (
        "_app",
        "_cycle",
        "_is_ending",
        "_is_paused",
        "_loop",
        "_pipelined",
        "_unsent",
        "state",
        "transport",
        "writable",
    )

    def __init__(
        self,
        config: Config,
        server_state: State,
        app_state: dict[str, Any],  # noqa: ARG002 - uvicorn passes it
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__()
        self._app = cast("ASGIApp", config.loaded_app)
        self.state = server_state
        self._loop = _loop or asyncio.get_running_loop()
        self.transport: asyncio.Transport
        self._cycle: RequestCycle | None = None
        """The cycle whose response is being sent."""
        self._pipelined: deque[tuple[RequestCycle, Scope]] = deque()
        """Pipelined requests: received before the current response is complete."""
        self._is_ending = self._is_paused = False
        self._unsent = 0
        """The size of the write buffer at the last tick."""
        self.writable: asyncio.Event | None = None

    # Called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called when the connection is established."""
        self.transport = cast("asyncio.Transport", transport)
        self.state.connections.add(cast("Any", self))
        self.client = _address(transport, "peername")
        self.server = _address(transport, "sockname")
        self.start_parser()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's interface
        """Called when the connection is closed: send the app a disconnect."""
        self.state.connections.discard(cast("Any", self))
        self.drop()
        self._pipelined.clear()
        if self._cycle is not None:
            self._cycle.disconnect()
        self.resume_writing()

    def pause_writing(self) -> None:
        """Called when the write buffer is full."""
        self.writable = asyncio.Event()
        self._unsent = self.transport.get_write_buffer_size()
        self.restart_clock()

    def resume_writing(self) -> None:
        """Called when the write buffer has drained."""
        if self.writable is not None:
            self.writable.set()
            self.writable = None

    # Called by the server

    def shutdown(self) -> None:
        """Close the connection after the responses to the requests received."""
        self._is_ending = True
        last = self._pipelined[-1][0] if self._pipelined else self._cycle
        if last is None:
            self.transport.close()
        else:
            last.keep_alive = False

    def on_tick(self) -> None:
        """Called every second: close the connection of a client that is too slow, or idle for too long."""
        cycle = self._cycle
        is_request = cycle is None and self.has_begun
        self.quiet += 1
        if self.writable is not None:
            unsent = self.transport.get_write_buffer_size()
            self.moved += max(0, self._unsent - unsent)
            self._unsent = unsent
        elif cycle is not None:
            is_request = cycle.wants_body and not self._is_paused
            if not is_request:
                self.restart_clock()  # the connection does not wait for the client
        seconds = REQUEST_SECONDS if is_request else IDLE_SECONDS
        if self.quiet <= seconds:
            return
        if self.moved >= seconds * MIN_BYTES_PER_SECOND:
            self.restart_clock()
        elif is_request and self.is_reading and not (cycle is None and self.reading is not None):
            self.refuse(408, "request-timeout", "The request was received too slowly")
        else:
            self.transport.abort()

    # Called by the request cycles

    def write(self, data: bytes) -> None:
        """Send bytes to the client."""
        self.transport.write(data)

    def resume_reading(self) -> None:
        """Resume reading: the app has read what was buffered of the request's body."""
        if self._is_paused and not self._pipelined:
            self._is_paused = False
            self.transport.resume_reading()

    def on_response_complete(self, cycle: RequestCycle) -> None:
        """Called when the response is complete: handle the next request."""
        self._cycle = None
        self.restart_clock()
        if not cycle.keep_alive:
            is_unread = self.has_begun or self._is_paused or bool(self._pipelined)
            self._pipelined.clear()
            if is_unread or self._is_ending:
                self._half_close()
            else:
                self.transport.close()
            return
        if self._pipelined:
            self._handle(*self._pipelined.popleft())
        self.resume_reading()

    # Called by the request parser

    def begin(self, scope: Scope) -> RequestCycle:
        """Start the cycle of a request, or queue it behind the requests before it."""
        cycle = RequestCycle(self, scope["method"], scope["http_version"])
        scope["extensions"] = {RESPONSE: _SUPPORTED, DISCONNECT: cycle}
        if self._cycle is None:
            self._handle(cycle, scope)
        elif len(self._pipelined) < _MAX_PIPELINED:
            self._pipelined.append((cycle, scope))
            self.pause()
        else:
            raise not_http("Too many pipelined requests")  # earlier requests still get a response
        return cycle

    def pause(self) -> None:
        """Pause reading from the connection."""
        if not self._is_paused:
            self._is_paused = True
            self.transport.pause_reading()

    def _handle(self, cycle: RequestCycle, scope: Scope) -> None:
        self._cycle = cycle
        self.state.tasks.add(self._loop.create_task(self._run(cycle, scope)))

    async def _run(self, cycle: RequestCycle, scope: Scope) -> None:
        try:
            await self._app(scope, cycle.receive, cycle.send)
        except ResponseAborted as fault:
            _log.warning("a response was aborted: %s", fault)
        except Exception:  # noqa: BLE001 - the router handles errors unless the response has started
            _log.exception("a response was aborted")
        finally:
            task = asyncio.current_task(self._loop)
            assert task is not None
            self.state.tasks.discard(task)
            if not cycle.is_response_complete and not cycle.is_disconnected:
                # So that the client does not mistake a truncated response for a complete one.
                if cycle.ends_with_connection:
                    self._reset()
                else:
                    self.transport.close()

    def refuse(self, status: int, code: str, detail: str) -> None:
        """Reject what was received and stop reading; earlier requests still get a response."""
        self.drop()
        reading = self.reading
        has_response = False
        if reading is not None and not reading.is_request_complete:
            has_response = reading.has_response_started
            reading.disconnect()
            if self._cycle is reading:
                self._cycle = None
            elif self._pipelined:  # the rejected request is the last one
                self._pipelined.pop()
        last = self._pipelined[-1][0] if self._pipelined else self._cycle
        if last is not None:
            last.keep_alive = False
        elif has_response:
            self.transport.close()
        else:
            content = problem_document(status, code, detail)
            headers = (
                (b"content-type", b"application/problem+json"),
                (b"content-length", b"%d" % len(content)),
            )
            head, _, _ = write_response_head(status, headers)
            self.write(b"%b%bconnection: close\r\n\r\n%b" % (head, self.state.common, content))
            self._half_close()

    def _half_close(self) -> None:
        """Close the write side first: a full close could lose the response if the client is still sending."""
        self.drop()
        self.restart_clock()
        self.has_begun = True
        with suppress(OSError):  # the client has disconnected
            self.transport.write_eof()
        self.resume_reading()
        if self._is_ending:
            self._loop.call_later(_END_SECONDS, self.transport.close)

    def _reset(self) -> None:
        """Reset the connection: an ordinary close would look like the end of the response."""
        connection = self.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
        self.transport.abort()


def _address(transport: asyncio.BaseTransport, name: str) -> tuple[str, int] | None:
    found = transport.get_extra_info(name)
    return (str(found[0]), int(found[1])) if isinstance(found, tuple | list) and len(found) > 1 else None
