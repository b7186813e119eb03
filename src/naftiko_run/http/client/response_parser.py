"""The response parser: bytes in; status, headers and body chunks out."""

from __future__ import annotations

from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from naftiko_run.http.client.errors import NOT_HTTP, TOO_MANY_HEADERS
from naftiko_run.http.client.response_headers import ResponseHeaders, parse_headers

MAX_HEAD: Final = 100 * 1024
"""The maximum size of everything but the body: headers, trailers, interim responses, chunk sizes."""
_STEP: Final = 64 * 1024
_MAX_KNOWN: Final = 4096
"""The maximum size of a head that is cached."""


class InvalidResponseData(Exception):
    """The received data is not a valid response; the message is a human-readable reason."""


class ResponseParser:
    """Parses the responses of one connection, one after the other.

    Many responses are received in one piece, with a head that is byte for byte equal to
    the previous one: the parsed head is then reused.

    Attributes:
        head: Status and headers; None until they are received.
        is_complete: Whether the whole response is received.
        keeps: Whether the connection can be reused for another request.
        pieces: The body chunks received since the last ``take``.
        size: The number of bytes in ``pieces``.
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
        """Reset the parser for the response to a new request.

        Args:
            bodiless: Whether the request is HEAD: the response has no body, whatever its headers declare.
        """
        self._bodiless = bodiless
        self._has_begun = False
        self.head: ResponseHeaders | None = None
        self.is_complete = False
        self.keeps = False
        self.pieces: list[bytes] = []
        self.size = 0

    def feed(self, data: bytes) -> None:
        """Parse received bytes.

        Raises:
            InvalidResponseData: The data is not HTTP, or its headers are too large.
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
        """Parse the end of the connection; return whether it completes the response."""
        if self.head is not None and not self.is_complete:
            self.is_complete = self._ends_with_connection
        return self.is_complete

    def take(self) -> bytes:
        """Return the body bytes received since the last call."""
        pieces = self.pieces
        if not pieces:
            return b""
        self.pieces = []
        self.size = 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def drop(self) -> None:
        """Release the parser: the two reference each other."""
        self._parser = None

    # Cached heads

    def _recognise(self, data: bytes) -> bool:
        """Accept a complete response whose head is cached; return whether it is one."""
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
        """Cache the head of a response that was received whole, with a body of the declared length and nothing else."""
        head = self.head
        if head is None or not (self.is_complete and self.keeps and head.has_length) or self._bodiless:
            return
        length = len(data) - head.declared
        if length > _MAX_KNOWN or data.find(b"\r\n\r\n") != length - 4:
            return
        if data[length:] == b"".join(self.pieces):
            self._known = head
            self._known_text = data[:length]

    # Parsing

    def _begin(self) -> None:
        self._ends_with_connection = False
        self._no_body_for = 0
        self._raw: list[tuple[bytes, bytes]] = []
        self._refused = False
        if self._parser is None:
            self._parser = parser = HttpResponseParser(self)
            # These deviations are common, and harmless for a client: lines that end without CR, and
            # Content-Length beside Transfer-Encoding, which takes precedence (RFC 9112, 6.3).
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

    # Called by the underlying parser

    def on_message_begin(self) -> None:
        """Called at the start of a message; one that no request asked for is ignored."""
        if self.is_complete:
            self.keeps = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called with a header; trailers are skipped."""
        if self.head is None:
            self._raw.append((name, value))

    def on_headers_complete(self) -> None:
        """Called at the end of the headers; interim responses are skipped."""
        if self.is_complete:  # an unsolicited response
            return
        assert self._parser is not None
        status = self._parser.get_status_code()
        if status < 200:
            self._raw = []
            self._refused = self._refused or status < 100 or status == 101  # no protocol switch was requested
            return
        self.head = head = parse_headers(status, self._raw, bodiless=self._bodiless)
        # With both Content-Length and Transfer-Encoding, the end of the body is ambiguous.
        self.keeps = self._parser.should_keep_alive() and not (head.has_length and head.coding is not None)
        # Other codings are rare, and were not requested.
        self._refused = self._refused or head.coding not in (None, "chunked")
        self._ends_with_connection = head.coding is None and not head.has_length
        if self._bodiless:
            self.is_complete = True
            self._parser = None  # it would wait for the declared body

    def on_body(self, piece: bytes) -> None:
        """Called with a chunk of the body."""
        if self.is_complete:
            self.keeps = False
            return
        self.pieces.append(piece)
        self.size += len(piece)

    def on_message_complete(self) -> None:
        """Called at the end of a message."""
        if self.head is not None:
            self.is_complete = True
