"""The response as it comes off the wire: bytes in, status, headers and pieces of the body out."""

from __future__ import annotations

from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from naftiko_run.consume.transport.words import NOT_HTTP, TOO_MANY_HEADERS

MOST_HEAD: Final = 100 * 1024
"""The most that is read of what is no body: headers, trailers, interim answers, the sizes of chunks."""
_STEP: Final = 64 * 1024
_TELLING: Final = frozenset({"content-length", "transfer-encoding", "content-encoding", "keep-alive"})

_MOST_NAMES: Final = 1024
_names: dict[bytes, str] = {}
"""Header names, in lower case: every answer has the same few."""


class Unreadable(Exception):
    """What came is no response; the message is a reason for people."""


class ResponseReader:
    """Reads the responses that come over one connection, one after the other.

    Attributes:
        status: HTTP status; 0 before the headers are there.
        headers: Names in lower case, and values, in order.
        has_head: Whether status and headers are there.
        is_complete: Whether the whole body is.
        keeps: Whether the upstream takes another request on the connection.
        keeps_seconds: For how long it says that it keeps an idle connection; 0 where it does not say.
        declared: What Content-Length says; 0 where there is none, or no body.
        encoding: What Content-Encoding says; empty where there is none.
        pieces: What has come of the body since it was last taken.
        size: Their bytes.
    """

    __slots__ = (
        "_bodiless",
        "_ends_with_connection",
        "_no_body_for",
        "_parser",
        "_raw",
        "_refused",
        "declared",
        "encoding",
        "has_head",
        "headers",
        "is_complete",
        "keeps",
        "keeps_seconds",
        "pieces",
        "size",
        "status",
    )

    def __init__(self) -> None:
        self._parser: HttpResponseParser | None = None
        self.expect(bodiless=False)

    def expect(self, *, bodiless: bool) -> None:
        """Get ready for the response to a new request.

        Args:
            bodiless: The request was HEAD: the response has no body, whatever it says.
        """
        self._bodiless = bodiless
        self._ends_with_connection = False
        self._no_body_for = 0
        self._raw: list[tuple[bytes, bytes]] = []
        self._refused = False
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.has_head = False
        self.is_complete = False
        self.keeps = False
        self.keeps_seconds = 0
        self.declared = 0
        self.encoding = ""
        self.pieces: list[bytes] = []
        self.size = 0
        if self._parser is None:
            self._parser = parser = HttpResponseParser(self)
            # What these allow is common and does no harm to who only reads: lines that end without CR,
            # and Content-Length beside Transfer-Encoding, which wins (RFC 9112, 6.3).
            parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True, lenient_chunked_length=True)

    def feed(self, data: bytes) -> None:
        """Read what has come.

        Raises:
            Unreadable: It is no HTTP, or has too many headers.
        """
        if self.is_complete:
            self.keeps = False
        elif len(data) > _STEP and not self.has_head:
            for start in range(0, len(data), _STEP):
                self.feed(data[start : start + _STEP])
        else:
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        assert self._parser is not None
        size = self.size
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            if not self.is_complete or self._refused:
                raise Unreadable(NOT_HTTP) from None
            self.keeps = False
        if self._refused:
            raise Unreadable(NOT_HTTP)
        if not self.is_complete:
            self._no_body_for = 0 if self.size > size else self._no_body_for + len(data)
            if self._no_body_for > MOST_HEAD:
                raise Unreadable(TOO_MANY_HEADERS)

    def feed_end(self) -> bool:
        """Note that the connection has ended; say whether the response is complete with that."""
        if self.has_head and self._ends_with_connection:
            self.is_complete = True
        return self.is_complete

    def take(self) -> bytes:
        """Give what has come of the body since this was last called."""
        pieces = self.pieces
        if not pieces:
            return b""
        self.pieces = []
        self.size = 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def drop(self) -> None:
        """Let the parser go: it and the reader hold each other."""
        self._parser = None

    # What the parser calls

    def on_message_begin(self) -> None:
        """Hear that a message begins: one more than was asked for is not heeded."""
        if self.is_complete:
            self.keeps = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; those behind the body are left out."""
        if not self.has_head:
            self._raw.append((name, value))

    def on_headers_complete(self) -> None:
        """Take status and headers; interim answers are passed over."""
        assert self._parser is not None
        status = self._parser.get_status_code()
        if status < 200:
            self._raw = []
            self._refused = self._refused or status < 100 or status == 101  # nobody asked to switch protocols
            return
        self.status = status
        self.has_head = True
        self.keeps = self._parser.should_keep_alive()
        self.headers = headers = [
            (_names.get(name) or _learn_name(name), _text(value).strip()) for name, value in self._raw
        ]
        is_chunked = has_length = False
        for name, value in headers:
            if name not in _TELLING:
                continue
            if name == "content-length":
                has_length = True
                self.declared = int(value)
            elif name == "transfer-encoding":
                is_chunked = True
                self._refused = value.lower() != "chunked"  # no other is common, and none was asked for
            elif name == "content-encoding":
                self.encoding = f"{self.encoding},{value}" if self.encoding else value
            else:
                self.keeps_seconds = _seconds(value)
        if is_chunked and has_length:
            self.keeps = False  # whoever sends both may mean either
        if is_chunked or self._bodiless or status in (204, 304):
            self.declared = 0
        if self._bodiless:
            self.is_complete = True
            self._parser = None  # it waits for the body that the headers speak of
        self._ends_with_connection = not (is_chunked or has_length)

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body."""
        if self.is_complete:
            self.keeps = False
            return
        self.pieces.append(piece)
        self.size += len(piece)

    def on_message_complete(self) -> None:
        """Hear that the message is whole."""
        if self.has_head:
            self.is_complete = True


def _learn_name(name: bytes) -> str:
    known = name.decode("latin-1").lower()
    if len(_names) < _MOST_NAMES:
        _names[name] = known
    return known


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _seconds(keep_alive: str) -> int:
    """Read ``timeout=5, max=100``."""
    for part in keep_alive.split(","):
        name, _, value = part.partition("=")
        if name.strip().lower() == "timeout" and value.strip().isdecimal():
            return int(value)
    return 0
