"""One connection of a client: bytes to requests, and responses in the order of the requests."""

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
"""How long an idle connection is kept, and one whose client reads the response too slowly."""
REQUEST_SECONDS: Final = 30
"""How long a client may take for the head of a request, or for the rest of a body that is not read; while a body is
read, enough of it must arrive in each such period."""
MIN_BYTES_PER_SECOND: Final = 240
"""The minimum rate at which a client must send a body that is read, and read a response."""
_END_SECONDS: Final = 1
"""How long a client may take to close a connection after its last response while the server stops."""
_NO_LINGERING: Final = struct.pack("ii", 1, 0)
DISCONNECT: Final = sys.intern("naftiko.disconnect")
"""The ASGI extension of a callback for a disconnect: its value has ``is_disconnected`` and ``on_disconnect``."""
_SUPPORTED: Final[dict[str, Any]] = {}
_MAX_WAITING: Final = 1000
"""The maximum number of pipelined requests."""


class ClientConnection(RequestParser):
    """A connection, as uvicorn's server wants it.

    Args:
        config: Whose app answers.
        server_state: Knows all connections and tasks of the server.
        app_state: What uvicorn's lifespan gives; there is none.
        _loop: The running one.
    """

    __slots__ = (
        "_app",
        "_cycle",
        "_is_ending",
        "_is_paused",
        "_loop",
        "_unsent",
        "_waiting",
        "state",
        "transport",
        "writable",
    )

    def __init__(
        self,
        config: Config,
        server_state: State,
        app_state: dict[str, Any],  # noqa: ARG002 - uvicorn gives it
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__()
        self._app = cast("ASGIApp", config.loaded_app)
        self.state = server_state
        self._loop = _loop or asyncio.get_running_loop()
        self.transport: asyncio.Transport
        self._cycle: RequestCycle | None = None
        """The one that is being answered."""
        self._waiting: deque[tuple[RequestCycle, Scope]] = deque()
        """Those that a client has sent without waiting for that answer."""
        self._is_ending = self._is_paused = False
        self._unsent = 0
        """How many bytes the client had still to take when it was last looked at."""
        self.writable: asyncio.Event | None = None

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast("asyncio.Transport", transport)
        self.state.connections.add(cast("Any", self))
        self.client = _address(transport, "peername")
        self.server = _address(transport, "sockname")
        self.start_parser()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's form
        """Called when the connection is closed: the app is told by a disconnect."""
        self.state.connections.discard(cast("Any", self))
        self.drop()
        self._waiting.clear()
        if self._cycle is not None:
            self._cycle.disconnect()
        self.resume_writing()

    def pause_writing(self) -> None:
        """Called when the write buffer is full."""
        self.writable = asyncio.Event()
        self._unsent = self.transport.get_write_buffer_size()
        self.restart_clock()

    def resume_writing(self) -> None:
        """Called when the write buffer has room again."""
        if self.writable is not None:
            self.writable.set()
            self.writable = None

    # What the server calls

    def shutdown(self) -> None:
        """Close the connection after the responses to the requests received."""
        self._is_ending = True
        last = self._waiting[-1][0] if self._waiting else self._cycle
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
                self.restart_clock()  # it is not the client that is waited for
        seconds = REQUEST_SECONDS if is_request else IDLE_SECONDS
        if self.quiet <= seconds:
            return
        if self.moved >= seconds * MIN_BYTES_PER_SECOND:
            self.restart_clock()
        elif is_request and self.is_reading and not (cycle is None and self.reading is not None):
            self.refuse(408, "request-timeout", "The request was received too slowly")
        else:
            self.transport.abort()

    # What the exchanges call

    def write(self, data: bytes) -> None:
        """Send bytes to the client."""
        self.transport.write(data)

    def resume_reading(self) -> None:
        """Resume reading: the app has read what was buffered of the request's body."""
        if self._is_paused and not self._waiting:
            self._is_paused = False
            self.transport.resume_reading()

    def on_response_complete(self, cycle: RequestCycle) -> None:
        """Called when the response is complete: handle the next request."""
        self._cycle = None
        self.restart_clock()
        if not cycle.keep_alive:
            is_unread = self.has_begun or self._is_paused or bool(self._waiting)
            self._waiting.clear()
            if is_unread or self._is_ending:
                self._half_close()
            else:
                self.transport.close()
            return
        if self._waiting:
            self._answer(*self._waiting.popleft())
        self.resume_reading()

    # What the reader calls

    def begin(self, scope: Scope) -> RequestCycle:
        """Start the cycle of a request, behind those before it."""
        cycle = RequestCycle(self, scope["method"], scope["http_version"])
        scope["extensions"] = {RESPONSE: _SUPPORTED, DISCONNECT: cycle}
        if self._cycle is None:
            self._answer(cycle, scope)
        elif len(self._waiting) < _MAX_WAITING:
            self._waiting.append((cycle, scope))
            self.pause()
        else:
            raise not_http("Too many pipelined requests")  # those before it are answered, and no more
        return cycle

    def pause(self) -> None:
        """Pause reading from the connection."""
        if not self._is_paused:
            self._is_paused = True
            self.transport.pause_reading()

    def _answer(self, cycle: RequestCycle, scope: Scope) -> None:
        self._cycle = cycle
        self.state.tasks.add(self._loop.create_task(self._run(cycle, scope)))

    async def _run(self, cycle: RequestCycle, scope: Scope) -> None:
        try:
            await self._app(scope, cycle.receive, cycle.send)
        except ResponseAborted as fault:
            _log.warning("a response was aborted: %s", fault)
        except Exception:  # noqa: BLE001 - the router answers for what goes wrong, as long as it can
            _log.exception("a response was aborted")
        finally:
            task = asyncio.current_task()
            assert task is not None
            self.state.tasks.discard(task)
            if not cycle.is_response_complete and not cycle.is_disconnected:
                # So that nobody takes half a response for all of it.
                if cycle.ends_with_connection:
                    self._reset()
                else:
                    self.transport.close()

    def refuse(self, status: int, code: str, detail: str) -> None:
        """Reject what was received, and read nothing more; requests received before are still answered."""
        self.drop()
        reading = self.reading
        has_answer = False
        if reading is not None and not reading.is_request_complete:
            has_answer = reading.has_response_started
            reading.disconnect()
            if self._cycle is reading:
                self._cycle = None
            elif self._waiting:  # it came last
                self._waiting.pop()
        last = self._waiting[-1][0] if self._waiting else self._cycle
        if last is not None:
            last.keep_alive = False
        elif has_answer:
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
        """Close our side first: closing at once would lose the response of a client that still sends."""
        self.drop()
        self.restart_clock()
        self.has_begun = True
        with suppress(OSError):  # it has left
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
