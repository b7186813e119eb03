"""One request and its response: the ``receive`` and ``send`` callables of an ASGI app."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from naftiko_run.http.server.response_writer import write_response_head

if TYPE_CHECKING:
    from starlette.types import Message

    from naftiko_run.http.server.connection import ClientConnection

RESPONSE: Final = sys.intern("naftiko.http.response")
"""The ASGI extension for a complete response in one message, and the type of that message."""
_BODILESS: Final = frozenset({204, 304})
_SMALL: Final = 64 * 1024
"""The maximum size of a body that is joined with its head into one write."""
_EMPTY_LINE: Final = b"\r\n"
_LAST: Final = b"connection: close\r\n\r\n"
_WRONG_LENGTH: Final = "the response is not as long as its Content-Length"

Headers = Iterable[tuple[bytes, bytes]]


class RequestCycle:
    """A request and its response.

    Args:
        connection: The client connection.
        method: The method of the request.
        version: The HTTP version of the request.

    Attributes:
        keep_alive: Whether the connection is kept after the response.
        ends_with_connection: Whether closing the connection ends the response body, which has neither a length nor chunks.
        expects_continue: Whether the client waits for `100 Continue` before it sends the body.
        is_request_complete: Whether the whole request body was received.
        unread: How many bytes of the request body are buffered.
        has_response_started: Whether the response has started.
        is_response_complete: Whether the response is complete.
        is_disconnected: Whether the client has disconnected.
        on_disconnect: Called when the client disconnects; None for no callback.
    """

    __slots__ = (
        "_connection",
        "_event",
        "_head",
        "_is_bodiless",
        "_is_body_delivered",
        "_is_chunked",
        "_left",
        "_method",
        "_pieces",
        "_version",
        "ends_with_connection",
        "expects_continue",
        "has_response_started",
        "is_disconnected",
        "is_request_complete",
        "is_response_complete",
        "keep_alive",
        "on_disconnect",
        "unread",
    )

    def __init__(self, connection: ClientConnection, method: str, version: str) -> None:
        self._connection = connection
        self._method = method
        self._version = version
        self._pieces: list[bytes] = []
        self._event: asyncio.Event | None = None
        self._head = b""
        self._left: int | None = None
        self._is_body_delivered = self._is_bodiless = self._is_chunked = self.expects_continue = False
        self.ends_with_connection = False
        self.is_request_complete = self.has_response_started = self.is_response_complete = (
            self.is_disconnected
        ) = False
        self.keep_alive = True
        self.unread = 0
        self.on_disconnect: Callable[[], object] | None = None

    @property
    def wants_body(self) -> bool:
        """Whether the app waits for the rest of the request body and has not started the response."""
        return self._event is not None and not (self.is_request_complete or self.has_response_started)

    # Called by the connection

    def take(self, piece: bytes) -> None:
        """Called with a chunk of the request body."""
        self._pieces.append(piece)
        self.unread += len(piece)
        if self._event is not None:
            self._event.set()

    def end(self) -> None:
        """Called when the request is complete."""
        self.is_request_complete = True
        if self._event is not None:
            self._event.set()

    def disconnect(self) -> None:
        """Called when the client disconnects."""
        self.is_disconnected = True
        self._head = b""
        if self._event is not None:
            self._event.set()
        if self.on_disconnect is not None:
            self.on_disconnect()

    # Called by the app

    async def receive(self) -> Message:
        """Return the next message; see ASGI's ``receive``."""
        if self.expects_continue and not (self.has_response_started or self.is_disconnected):
            self.expects_continue = False
            self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not (self.is_disconnected or self.is_response_complete):
            if self._pieces or (self.is_request_complete and not self._is_body_delivered):
                return self._request()
            self._connection.resume_reading()
            if self._event is None:
                self._event = asyncio.Event()
            self._event.clear()
            await self._event.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Send a part of the response or all of it; see ASGI's ``send``, and ``RESPONSE``.

        Raises:
            RuntimeError: The message is out of order, or the body is not as long as its Content-Length.
            InvalidResponse: The status or a header is not valid in HTTP.
        """
        if self._connection.writable is not None:
            await self._connection.writable.wait()
        if self.is_disconnected:
            return
        kind = message["type"]
        if kind == RESPONSE and not self.has_response_started:
            self._send_response(message["status"], message["headers"], message["body"])
        elif kind == "http.response.body" and self.has_response_started and not self.is_response_complete:
            self._add(message.get("body", b""), is_last=not message.get("more_body", False))
        elif kind == "http.response.start" and not self.has_response_started:
            self._begin(message["status"], message.get("headers", ()))
        else:
            raise RuntimeError(f"unexpected ASGI message `{kind}`")

    def _request(self) -> Message:
        pieces = self._pieces
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._pieces = []
        self.unread = 0
        self._is_body_delivered = self.is_request_complete
        return {"type": "http.request", "body": body, "more_body": not self.is_request_complete}

    def _send_response(self, status: int, headers: Headers, content: bytes | None) -> None:
        head, length, closes = write_response_head(status, headers)
        is_bodiless = status in _BODILESS
        if content is not None and not is_bodiless and length != len(content):
            if length is not None:
                raise RuntimeError(_WRONG_LENGTH)
            head += b"content-length: %d\r\n" % len(content)
        body = b"" if content is None or is_bodiless or self._method == "HEAD" else content
        if len(body) > _SMALL:
            self._connection.write(b"".join((head, *self._ending(closes=closes))))
            self._connection.write(body)
        else:
            self._connection.write(b"".join((head, *self._ending(closes=closes), body)))
        self.has_response_started = True
        self._end()

    def _begin(self, status: int, headers: Headers) -> None:
        head, self._left, closes = write_response_head(status, headers)
        self._is_bodiless = status in _BODILESS or self._method == "HEAD"
        if self._left is None and not self._is_bodiless:
            self._is_chunked = self._version != "1.0"
            if self._is_chunked:
                head += b"transfer-encoding: chunked\r\n"
            else:
                closes = self.ends_with_connection = True
        self._head = b"".join((head, *self._ending(closes=closes)))
        self.has_response_started = True
        asyncio.get_running_loop().call_soon(self._flush)

    def _ending(self, *, closes: bool) -> tuple[bytes, bytes]:
        # A client that expects `100 Continue` and receives a final response may or may not send the body, so the
        # next bytes may not be a request.
        if closes or (self.expects_continue and not self.is_request_complete):
            self.keep_alive = False
        return self._connection.state.common, _EMPTY_LINE if self.keep_alive else _LAST

    def _add(self, body: bytes, *, is_last: bool) -> None:
        if self._is_bodiless:
            body = b""
        elif self._is_chunked:
            body = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            if is_last:
                body += b"0\r\n\r\n"
        elif self._left is not None:
            self._left -= len(body)
            if self._left < 0 or (is_last and self._left):
                raise RuntimeError(_WRONG_LENGTH)
        if self._head and len(body) <= _SMALL:
            body = self._head + body
            self._head = b""
        self._flush()
        if body:
            self._connection.write(body)
        if is_last:
            self._end()

    def _flush(self) -> None:
        """Send the buffered head without waiting for the body."""
        if self._head:
            self._connection.write(self._head)
            self._head = b""

    def _end(self) -> None:
        self.is_response_complete = True
        if self._event is not None:
            self._event.set()
        self._connection.on_response_complete(self)
