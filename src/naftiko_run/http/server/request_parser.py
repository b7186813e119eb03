"""The request parser: bytes in, request cycles out."""

from __future__ import annotations

import asyncio
import re
import sys
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from httptools import HttpParserError, HttpParserInvalidMethodError, HttpRequestParser

from naftiko_run.http.server.request_cycle import RequestCycle
from naftiko_run.http.server.validation import (
    CHUNKED,
    COMMON_METHODS,
    RequestRejected,
    check_first_line,
    check_headers,
    check_request_line,
    refusal_of,
    split_target,
)

if TYPE_CHECKING:
    from starlette.types import Scope

HEADERS: Final = sys.intern("naftiko.headers")
"""The scope key of the request's headers by name; of repeated headers, the last."""
MAX_HEAD: Final = 64 * 1024
"""The maximum size of a request's head, and of its trailers."""
_FRAMING_PER_BYTE: Final = 16
"""The maximum framing bytes of a chunked body for each byte of data: chunks of one byte need five."""
_MAX_UNREAD: Final = 64 * 1024
"""The number of buffered body bytes at which reading from the client pauses."""
_MAX_KNOWN: Final = 4096
"""The maximum size of a head that is cached."""
_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}
_END: Final = b"\r\n\r\n"
"""The end of a head, and of a chunked body: a strict parser accepts no other."""
_TAB, _HASH, _SLASH, _QUESTION_MARK = b"\t#/?"
_UPGRADE = re.compile(rb"^upgrade:[^\r\n]*\r\n", re.IGNORECASE | re.MULTILINE)

Address = tuple[str, int] | None


class _UpgradeIgnored(Exception):
    """Raised for a request with an Upgrade header, which is ignored."""


class RequestParser(asyncio.Protocol):
    """Parses the requests of one connection; the subclass handles them.

    Each call of the underlying parser ends at the end of a head or message, so that its callbacks belong to known
    bytes. A head that is byte for byte equal to one that was received twice reuses the parsed scope; the underlying
    parser, which is between two messages, does not see that request.

    Attributes:
        client: The client's address.
        server: The server's address.
        reading: The cycle whose body is being received, or the last one.
        has_begun: Whether a request is partly received.
        quiet: How many seconds the connection has waited for the client.
        moved: How many body bytes were received or sent in that time.
    """

    __slots__ = (
        "_fed",
        "_has_trailers",
        "_head",
        "_headers",
        "_is_parsed",
        "_known",
        "_known_length",
        "_known_scope",
        "_left",
        "_parser",
        "_received",
        "_seen",
        "_taken",
        "_url",
        "client",
        "has_begun",
        "moved",
        "quiet",
        "reading",
        "server",
    )

    def __init__(self) -> None:
        self._parser: HttpRequestParser | None = None
        self._head = b""
        """The received part of an incomplete head."""
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._left = 0
        """The number of body bytes that remain, or ``CHUNKED``; 0 while a head is read."""
        self._fed = b""
        """The last three bytes of a chunked body: its end may be split."""
        self._received = self._taken = 0
        self._has_trailers = False
        self._is_parsed = True
        """Whether the underlying parser reads the current request."""
        self._seen = self._known = b""
        """The last head that can be cached, and the cached one, which was received twice."""
        self._known_scope: dict[str, Any] = {}
        self._known_length = 0
        self.client: Address = None
        self.server: Address = None
        self.reading: RequestCycle | None = None
        self.has_begun = False
        self.quiet = self.moved = 0

    # Implemented by the connection

    @abstractmethod
    def begin(self, scope: Scope) -> RequestCycle:
        """Start the cycle of a request whose head is complete."""

    @abstractmethod
    def pause(self) -> None:
        """Pause reading from the connection."""

    @abstractmethod
    def refuse(self, status: int, code: str, detail: str) -> None:
        """Called when the received bytes are not an acceptable request."""

    def start_parser(self) -> None:
        """Create the underlying parser."""
        self._parser = HttpRequestParser(self)
        # A client may send more after a request with `Connection: close`; it is not read.
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def drop(self) -> None:
        """Stop reading and release the parser: the two reference each other."""
        self._parser = None

    @property
    def is_reading(self) -> bool:
        """Whether requests are still read."""
        return self._parser is not None

    def restart_clock(self) -> None:
        """Restart the timeout: the client has made progress."""
        self.quiet = self.moved = 0

    # Called by the event loop

    def data_received(self, data: bytes) -> None:
        """Called with received bytes: parse them."""
        while True:
            start, size = 0, len(data)
            try:
                while start < size and (parser := self._parser) is not None:
                    if self._left:
                        start = self._read_body(data, start)
                        continue
                    if self._known and not self._head and data.startswith(self._known, start):
                        start += len(self._known)
                        self._repeat()
                        continue
                    if self._head:
                        piece = self._more_of_head(data, start)
                        start += len(piece)
                    else:
                        found = data.find(_END, start)
                        end = size if found < 0 else found + 4
                        piece = self._head = data if end - start == size else data[start:end]
                        start = end
                    parser.feed_data(piece)
                    if not self.has_begun or self.reading is not None:
                        self._head = b""
                    else:
                        self._check_part()
            except HttpParserError as fault:
                data = self._fail(fault, data[start:])
                if not data:
                    return
            except RequestRejected as refusal:
                self.refuse(refusal.status, refusal.code, refusal.detail)
                return
            else:
                return

    def _check_part(self) -> None:
        """Check an incomplete head.

        Raises:
            RequestRejected: The head is too large, or not HTTP/1.
        """
        if len(self._head) > MAX_HEAD:
            raise _too_large()
        check_first_line(self._head)

    def _fail(self, fault: HttpParserError, rest: bytes) -> bytes:
        """Handle an error of the parser or of one of its callbacks; return the bytes to parse again."""
        cause = fault.__context__
        if isinstance(cause, _UpgradeIgnored):
            # An Upgrade header may be ignored (RFC 9110, 7.8), but the parser would not read the body.
            head, self._head = _UPGRADE.sub(b"", self._head), b""
            self._left = 0
            self.start_parser()
            return head + rest
        if not isinstance(cause, RequestRejected):
            cause = refusal_of(self._head, is_method=isinstance(fault, HttpParserInvalidMethodError))
        self.refuse(cause.status, cause.code, cause.detail)
        return b""

    def _more_of_head(self, data: bytes, start: int) -> bytes:
        """Return the bytes that continue a head, up to its end."""
        known = self._head
        head = known + data[start:] if start else known + data
        found = head.find(_END, max(0, len(known) - 3))
        if found >= 0:
            head = head[: found + 4]
        self._head = head
        return head[len(known) :]

    def _read_body(self, data: bytes, start: int) -> int:
        """Parse up to the end, or a possible end, of a body; return its position."""
        parser = self._parser
        assert parser is not None
        if self._left != CHUNKED:
            end = min(len(data), start + self._left)
            self._left -= end - start
            piece = data[start:end]
            if self._is_parsed:
                parser.feed_data(piece)
            else:
                self.on_body(piece)
                if not self._left:
                    self.on_message_complete()
            return end
        before = self._fed
        found = (before + data[start : start + 3]).find(_END)
        if found >= 0:
            end = start + found + 4 - len(before)
        else:
            found = data.find(_END, start)
            end = found + 4 if found >= 0 else len(data)
        piece = data[start:end]
        self._fed = piece[-3:] if len(piece) > 2 else (before + piece)[-3:]
        self._received += len(piece)
        parser.feed_data(piece)
        self._check_framing()
        if self._has_trailers and not self.has_begun:
            self.start_parser()  # what they say of the connection is not for this parser
        return end

    def _check_framing(self) -> None:
        """Check that a chunked body is not mostly chunk sizes, extensions and trailers.

        Raises:
            RequestRejected: It is.
        """
        if self._received - self._taken > MAX_HEAD + _FRAMING_PER_BYTE * self._taken:
            raise _too_large()

    # What the parser calls

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._url = b""
        self._headers = []
        self.has_begun = True
        self.reading = None
        self._is_parsed = True
        self.quiet = self.moved = 0

    def on_url(self, url: bytes) -> None:
        """Called with the request target or a part of it."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called with a header; trailers are skipped."""
        if self.reading is not None:
            self._has_trailers = True
            return
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Start the cycle or queue it.

        Raises:
            RequestRejected: The head is not acceptable.
        """
        parser = self._parser
        assert parser is not None
        head = self._head
        if len(head) > MAX_HEAD:
            raise _too_large()
        verb = parser.get_method()
        version = parser.get_http_version()
        path = url = self._url
        if not (
            version == "1.1"
            and verb in COMMON_METHODS
            and head.startswith(b"HTTP/1.1\r\n", len(verb) + len(url) + 2)
        ):
            check_request_line(head, verb, url, version)
        if b" \r\n" in head or _TAB in head:
            self._headers = [(name, value.rstrip(b" \t")) for name, value in self._headers]
        query = b""
        if url[0] != _SLASH or _HASH in url:
            path, query, authority = split_target(verb, url)
            if authority is not None:
                self._replace_host(authority)
        elif _QUESTION_MARK in url:
            path, _, query = url.partition(b"?")
        headers = self._headers
        named = dict(headers)
        self._left, expects_continue = check_headers(version, headers, named)
        if self._left == CHUNKED:
            self._fed = b""
            self._received = self._taken = 0
            self._has_trailers = False
        if parser.should_upgrade():
            raise _UpgradeIgnored
        text = path.decode("ascii")
        scope: Scope = {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "method": verb.decode("ascii"),
            "scheme": "http",
            "path": unquote(text) if "%" in text else text,
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "client": self.client,
            "server": self.server,
            HEADERS: named,
        }
        keep_alive = version == "1.1" and parser.should_keep_alive()
        if not keep_alive:
            self._known = b""  # the parser accepts no further request
        elif not expects_continue and self._left != CHUNKED:
            self._remember(head, scope)
        self.reading = cycle = self.begin(scope)
        cycle.expects_continue = expects_continue and version == "1.1"
        cycle.keep_alive = keep_alive

    def on_body(self, piece: bytes) -> None:
        """Called with a chunk of the body."""
        cycle = self.reading
        assert cycle is not None
        size = len(piece)
        self._taken += size
        if cycle.is_response_complete:
            return
        self.moved += size
        cycle.take(piece)
        if cycle.unread > _MAX_UNREAD:
            self.pause()

    def on_message_complete(self) -> None:
        """Called when the request is complete."""
        assert self.reading is not None
        if self._left == CHUNKED:
            self._check_framing()
        self._left = 0
        self.has_begun = False
        self.reading.end()

    # Cached heads

    def _remember(self, head: bytes, scope: Scope) -> None:
        """Cache a head that was received twice in a row, unless more of its request was received with it."""
        if head != self._seen:
            self._seen = head if len(head) <= _MAX_KNOWN else b""
        elif head.find(_END) == len(head) - len(_END):
            self._known, self._known_scope, self._known_length = head, {**scope}, self._left

    def _repeat(self) -> None:
        """Start the cycle of a request whose head is cached."""
        self.has_begun = True
        self.quiet = self.moved = 0
        self._is_parsed = False
        self._left = self._known_length
        self.reading = None
        scope = self._known_scope.copy()
        scope["headers"] = [*scope["headers"]]
        scope[HEADERS] = scope[HEADERS].copy()
        self.reading = self.begin(scope)
        if not self._left:
            self.on_message_complete()

    def _replace_host(self, authority: bytes) -> None:
        """Replace the Host header with the host of the target (RFC 9112, 3.2.2)."""
        self._headers = [header for header in self._headers if header[0] != b"host"]
        self._headers.append((b"host", authority))


def _too_large() -> RequestRejected:
    return RequestRejected(431, "head-too-large", f"The head is over {MAX_HEAD:,} bytes")
