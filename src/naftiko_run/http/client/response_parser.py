"""The response as it comes off the wire: bytes in, status, headers and pieces of the body out."""

from __future__ import annotations

from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from naftiko_run.http.client.errors import NOT_HTTP, TOO_MANY_HEADERS
from naftiko_run.http.client.response_headers import ResponseHeaders, parse_headers

MAX_HEAD: Final = 100 * 1024
"""The most that is read of what is no body: headers, trailers, interim answers, the sizes of chunks."""
_STEP: Final = 64 * 1024
_MAX_KNOWN: Final = 4096
"""The longest head that is remembered."""


class InvalidResponseData(Exception):
    """What came is no response; the message is a reason for people."""


class ResponseParser:
    """Reads the responses that come over one connection, one after the other.

    Often one comes whole in one piece, under a head that is byte for byte the one
    before: what the parser made of that then serves again.

    Attributes:
        head: Status and headers; None before they are there.
        is_complete: Whether the whole body is.
        keeps: Whether the upstream takes another request on the connection.
        pieces: What has come of the body since it was last taken.
        size: Their bytes.
    """

    __slots__ = (
        "_bodiless",
        "_ends_with_connection",
        "_has_begun",
        "_known",
        "_known_text",
        "_no_body_for",
        "_parser",
        "_raw",
        "_refused",
        "head",
        "is_complete",
        "keeps",
        "pieces",
        "size",
    )

    def __init__(self) -> None:
        self._parser: HttpResponseParser | None = None
        self._known: ResponseHeaders | None = None
        self._known_text = b""
        self.expect(bodiless=False)

    def expect(self, *, bodiless: bool) -> None:
        """Get ready for the response to a new request.

        Args:
            bodiless: The request was HEAD: the response has no body, whatever it says.
        """
        self._bodiless = bodiless
        self._has_begun = False
        self.head: ResponseHeaders | None = None
        self.is_complete = False
        self.keeps = False
        self.pieces: list[bytes] = []
        self.size = 0

    def feed(self, data: bytes) -> None:
        """Read what has come.

        Raises:
            InvalidResponseData: It is no HTTP, or has too many headers.
        """
        if self.is_complete:
            self.keeps = False
        elif self._has_begun:
            self._feed(data)
        else:
            self._has_begun = True
            if not self._recognise(data):
                self._begin()
                self._feed(data)
                self._remember(data)

    def feed_end(self) -> bool:
        """Note that the connection has ended; say whether the response is complete with that."""
        if self.head is not None and not self.is_complete:
            self.is_complete = self._ends_with_connection
        return self.is_complete

    def take(self) -> bytes:
        """Return what was received of the body since the last call."""
        pieces = self.pieces
        if not pieces:
            return b""
        self.pieces = []
        self.size = 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def drop(self) -> None:
        """Release the parser: the two reference each other."""
        self._parser = None

    # Without the parser

    def _recognise(self, data: bytes) -> bool:
        """Take a response that is here whole, if its head is known; say whether it is."""
        head = self._known
        if head is None or self._bodiless or not data.startswith(self._known_text):
            return False
        body = data[len(self._known_text) :]
        if len(body) != head.declared:
            return False
        self.head = head
        self.keeps = self.is_complete = True
        if body:
            self.pieces.append(body)
            self.size = len(body)
        return True

    def _remember(self, data: bytes) -> None:
        """Remember the head of a response that was here whole, if it and a body as long as it says were all of it."""
        head = self.head
        if head is None or not (self.is_complete and self.keeps and head.has_length) or self._bodiless:
            return
        length = len(data) - head.declared
        if length > _MAX_KNOWN or data.find(b"\r\n\r\n") != length - 4:
            return
        if data[length:] == b"".join(self.pieces):
            self._known = head
            self._known_text = data[:length]

    # With the parser

    def _begin(self) -> None:
        self._ends_with_connection = False
        self._no_body_for = 0
        self._raw: list[tuple[bytes, bytes]] = []
        self._refused = False
        if self._parser is None:
            self._parser = parser = HttpResponseParser(self)
            # What these allow is common and does no harm to who only reads: lines that end without CR,
            # and Content-Length beside Transfer-Encoding, which wins (RFC 9112, 6.3).
            parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True, lenient_chunked_length=True)

    def _feed(self, data: bytes) -> None:
        if len(data) > _STEP and self.head is None:
            for start in range(0, len(data), _STEP):
                self.feed(data[start : start + _STEP])
        else:
            self._parse(data)

    def _parse(self, data: bytes) -> None:
        assert self._parser is not None
        size = self.size
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            if not self.is_complete or self._refused:
                raise InvalidResponseData(NOT_HTTP) from None
            self.keeps = False
        if self._refused:
            raise InvalidResponseData(NOT_HTTP)
        if not self.is_complete:
            self._no_body_for = 0 if self.size > size else self._no_body_for + len(data)
            if self._no_body_for > MAX_HEAD:
                raise InvalidResponseData(TOO_MANY_HEADERS)

    # What the parser calls

    def on_message_begin(self) -> None:
        """Called at the start of a message; one that no request asked for is ignored."""
        if self.is_complete:
            self.keeps = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; those behind the body are left out."""
        if self.head is None:
            self._raw.append((name, value))

    def on_headers_complete(self) -> None:
        """Take status and headers; interim answers are passed over."""
        if self.is_complete:  # one more than was asked for
            return
        assert self._parser is not None
        status = self._parser.get_status_code()
        if status < 200:
            self._raw = []
            self._refused = self._refused or status < 100 or status == 101  # nobody asked to switch protocols
            return
        self.head = head = parse_headers(status, self._raw, bodiless=self._bodiless)
        # Whoever says both where the body ends and that it ends otherwise may mean either.
        self.keeps = self._parser.should_keep_alive() and not (head.has_length and head.coding is not None)
        # No other is common, and none was asked for.
        self._refused = self._refused or head.coding not in (None, "chunked")
        self._ends_with_connection = head.coding is None and not head.has_length
        if self._bodiless:
            self.is_complete = True
            self._parser = None  # it waits for the body that the headers speak of

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body."""
        if self.is_complete:
            self.keeps = False
            return
        self.pieces.append(piece)
        self.size += len(piece)

    def on_message_complete(self) -> None:
        """Called at the end of a message."""
        if self.head is not None:
            self.is_complete = True
