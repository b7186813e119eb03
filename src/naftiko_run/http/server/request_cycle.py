"""One request of a client, and its answer: what an ASGI app is called with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from naftiko_run.http.server.response_writer import write_response_head

if TYPE_CHECKING:
    from starlette.types import Message

    from naftiko_run.http.server.connection import ClientConnection

RESPONSE: Final = "naftiko.http.response"
"""The ASGI extension of a whole response in one message, and the type of that message."""
_BODILESS: Final = frozenset({204, 304})
_SMALL: Final = 64 * 1024
"""A body up to this is joined to its head by copying it, so that both go in one packet."""
_EMPTY_LINE: Final = b"\r\n"
_LAST: Final = b"connection: close\r\n\r\n"
_WRONG_LENGTH: Final = "the answer has not the length that its headers say"

Headers = Iterable[tuple[bytes, bytes]]


class RequestCycle:
    """A request and its answer.

    Args:
        connection: Its connection.
        method: The request's.
        version: The request's, of HTTP.

    Attributes:
        keeps: Whether the connection is kept once the answer is whole.
        ends_with_connection: Whether only the end of the connection says where the answer's body ends.
        expects: Whether the client waits for a word before it sends the body.
        is_whole: Whether the request's body has come to its end.
        unread: How many bytes of it wait for the app.
        has_begun: Whether the answer has.
        is_answered: Whether the answer is whole.
        is_disconnected: Whether the client has disconnected.
        on_disconnect: Called when it disconnects; None for nothing.
    """

    __slots__ = (
        "_connection",
        "_event",
        "_head",
        "_is_bodiless",
        "_is_chunked",
        "_is_told",
        "_left",
        "_method",
        "_pieces",
        "_version",
        "ends_with_connection",
        "expects",
        "has_begun",
        "is_answered",
        "is_disconnected",
        "is_whole",
        "keeps",
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
        self._is_told = self._is_bodiless = self._is_chunked = self.expects = False
        self.ends_with_connection = False
        self.is_whole = self.has_begun = self.is_answered = self.is_disconnected = False
        self.keeps = True
        self.unread = 0
        self.on_disconnect: Callable[[], object] | None = None

    @property
    def wants_body(self) -> bool:
        """Whether the app has waited for the request's body, which is still to come, and has not begun to answer."""
        return self._event is not None and not (self.is_whole or self.has_begun)

    # What the connection tells

    def take(self, piece: bytes) -> None:
        """Take a piece of the request's body."""
        self._pieces.append(piece)
        self.unread += len(piece)
        if self._event is not None:
            self._event.set()

    def end(self) -> None:
        """Hear that the request is whole."""
        self.is_whole = True
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

    # What the app calls

    async def receive(self) -> Message:
        """Give what comes next; see ASGI's ``receive``."""
        if self.expects and not (self.has_begun or self.is_disconnected):
            self.expects = False
            self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not (self.is_disconnected or self.is_answered):
            if self._pieces or (self.is_whole and not self._is_told):
                return self._request()
            self._connection.resume_reading()
            if self._event is None:
                self._event = asyncio.Event()
            self._event.clear()
            await self._event.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Send some of the answer, or all of it; see ASGI's ``send``, and ``RESPONSE``.

        Raises:
            RuntimeError: It is not its turn, or the body is not as long as the headers say.
            InvalidResponse: HTTP cannot carry it.
        """
        if self._connection.room is not None:
            await self._connection.room.wait()
        if self.is_disconnected:
            return
        kind = message["type"]
        if kind == RESPONSE and not self.has_begun:
            self._answer(message["status"], message["headers"], message["body"])
        elif kind == "http.response.body" and self.has_begun and not self.is_answered:
            self._add(message.get("body", b""), is_last=not message.get("more_body", False))
        elif kind == "http.response.start" and not self.has_begun:
            self._begin(message["status"], message.get("headers", ()))
        else:
            raise RuntimeError(f"the answer takes no `{kind}` now")

    def _request(self) -> Message:
        pieces = self._pieces
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._pieces = []
        self.unread = 0
        self._is_told = self.is_whole
        return {"type": "http.request", "body": body, "more_body": not self.is_whole}

    def _answer(self, status: int, headers: Headers, content: bytes | None) -> None:
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
        self.has_begun = True
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
        self.has_begun = True
        asyncio.get_running_loop().call_soon(self._flush)

    def _ending(self, *, closes: bool) -> tuple[bytes, bytes]:
        # Who asked whether to send a body, and is answered instead, may send it or not: nobody could tell from what
        # comes next whether it is a request.
        if closes or (self.expects and not self.is_whole):
            self.keeps = False
        return self._connection.state.common, _EMPTY_LINE if self.keeps else _LAST

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
        """Send the head by itself: its body takes its time."""
        if self._head:
            self._connection.write(self._head)
            self._head = b""

    def _end(self) -> None:
        self.is_answered = True
        if self._event is not None:
            self._event.set()
        self._connection.on_response_complete(self)
