"""One connection of a client: bytes in, requests out, their answers in the order in which they came."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
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
"""How long a connection is kept on which nothing is asked, or on which the client takes too little of an answer."""
REQUEST_SECONDS: Final = 30
"""How long a client may take for a request's head, or for the rest of a body that nobody reads; in each such time in
which a body is waited for, enough of it must come."""
MIN_BYTES_PER_SECOND: Final = 240
"""How fast a client must send a body that is waited for, and take an answer."""
_END_SECONDS: Final = 1
"""How long a client may take to close a connection whose last response it has, where the server ends."""
_NO_LINGERING: Final = struct.pack("ii", 1, 0)
DISCONNECT: Final = "naftiko.disconnect"
"""The ASGI extension of a callback for a disconnect: its value has ``is_disconnected`` and ``on_disconnect``."""
_SUPPORTED: Final[dict[str, Any]] = {}
_MAX_WAITING: Final = 1000
"""How many requests a client may send without waiting for an answer; a thousand are a megabyte."""


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
        "room",
        "state",
        "transport",
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
        self.room: asyncio.Event | None = None

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast("asyncio.Transport", transport)
        self.state.connections.add(cast("Any", self))
        self.client = _address(transport, "peername")
        self.server = _address(transport, "sockname")
        self.start_parser()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's form
        """End: who answers is told that nobody listens any more."""
        self.state.connections.discard(cast("Any", self))
        self.drop()
        self._waiting.clear()
        if self._cycle is not None:
            self._cycle.disconnect()
        self.resume_writing()

    def pause_writing(self) -> None:
        """Called when the write buffer is full."""
        self.room = asyncio.Event()
        self._unsent = self.transport.get_write_buffer_size()
        self.restart_clock()

    def resume_writing(self) -> None:
        """Hear that it does again."""
        if self.room is not None:
            self.room.set()
            self.room = None

    # What the server calls

    def shutdown(self) -> None:
        """End, once the requests that were received are answered."""
        self._is_ending = True
        last = self._waiting[-1][0] if self._waiting else self._cycle
        if last is None:
            self.transport.close()
        else:
            last.keeps = False

    def on_tick(self) -> None:
        """Called every second: end where the client has been too slow, or silent for long."""
        cycle = self._cycle
        is_request = cycle is None and self.has_begun
        self.quiet += 1
        if self.room is not None:
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
        """Hear that the app has read what has come of the request's body."""
        if self._is_paused and not self._waiting:
            self._is_paused = False
            self.transport.resume_reading()

    def on_response_complete(self, cycle: RequestCycle) -> None:
        """Hear that the answer is whole: the next request has its turn."""
        self._cycle = None
        self.restart_clock()
        if not cycle.keeps:
            is_unread = self.has_begun or self._is_paused or bool(self._waiting)
            self._waiting.clear()
            if is_unread or self._is_ending:
                self._say_no_more()
            else:
                self.transport.close()
            return
        if self._waiting:
            self._answer(*self._waiting.popleft())
        self.resume_reading()

    # What the reader calls

    def begin(self, scope: Scope) -> RequestCycle:
        """Begin the cycle of a request; it has its turn behind the one that is being answered."""
        cycle = RequestCycle(self, scope["method"], scope["http_version"])
        scope["extensions"] = {RESPONSE: _SUPPORTED, DISCONNECT: cycle}
        if self._cycle is None:
            self._answer(cycle, scope)
        elif len(self._waiting) < _MAX_WAITING:
            self._waiting.append((cycle, scope))
            self.pause()
        else:
            raise not_http(
                "Too many requests wait for an answer"
            )  # those before it are answered, and no more
        return cycle

    def pause(self) -> None:
        """Leave what comes to the client to hold."""
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
            _log.warning("an answer was broken off: %s", fault)
        except Exception:  # noqa: BLE001 - the router answers for what goes wrong, as long as it can
            _log.exception("an answer was broken off")
        finally:
            task = asyncio.current_task()
            assert task is not None
            self.state.tasks.discard(task)
            if not cycle.is_answered and not cycle.is_disconnected:
                # So that nobody takes half a response for all of it.
                if cycle.ends_with_connection:
                    self._reset()
                else:
                    self.transport.close()

    def refuse(self, status: int, code: str, detail: str) -> None:
        """Read nothing more: what has come is no request. Whoever has sent others before gets the answers to those."""
        self.drop()
        reading = self.reading
        has_answer = False
        if reading is not None and not reading.is_whole:
            has_answer = reading.has_begun
            reading.disconnect()
            if self._cycle is reading:
                self._cycle = None
            elif self._waiting:  # it came last
                self._waiting.pop()
        last = self._waiting[-1][0] if self._waiting else self._cycle
        if last is not None:
            last.keeps = False
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
            self._say_no_more()

    def _say_no_more(self) -> None:
        """End, once the client has heard that: if it still sends, to close at once would cost it the answer."""
        self.drop()
        self.restart_clock()
        self.has_begun = True
        with suppress(OSError):  # it has left
            self.transport.write_eof()
        self.resume_reading()
        if self._is_ending:
            self._loop.call_later(_END_SECONDS, self.transport.close)

    def _reset(self) -> None:
        """Reset the connection: the client would take its end for that of the response."""
        connection = self.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
        self.transport.abort()


def _address(transport: asyncio.BaseTransport, name: str) -> tuple[str, int] | None:
    found = transport.get_extra_info(name)
    return (str(found[0]), int(found[1])) if isinstance(found, tuple | list) and len(found) > 1 else None
