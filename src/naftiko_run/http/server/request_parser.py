"""Requests as they come off the wire: bytes in, exchanges out."""

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
"""Under this key a scope has the request's headers by name; of those with one name, the last."""
MAX_HEAD: Final = 64 * 1024
"""The maximum size of a request's head, and of the trailers of one."""
_FRAMING_PER_BYTE: Final = 16
"""How much longer than a body in chunks its framing may be, besides: chunks of one byte take five."""
_MAX_UNREAD: Final = 64 * 1024
"""How much of a body waits for the app; more is left to the client to hold."""
_MAX_KNOWN: Final = 4096
"""The longest head that is remembered."""
_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}
_END: Final = b"\r\n\r\n"
"""Ends a head, and a body in chunks: a strict parser takes nothing else for the end."""
_TAB, _HASH, _SLASH, _QUESTION_MARK = b"\t#/?"
_UPGRADE = re.compile(rb"^upgrade:[^\r\n]*\r\n", re.IGNORECASE | re.MULTILINE)

Address = tuple[str, int] | None


class _UpgradeIgnored(Exception):
    """Raised by the head of a request that asks for another protocol."""


class RequestParser(asyncio.Protocol):
    """Reads the requests of one connection; what becomes of them is the connection's.

    The parser is fed so that a head or a message ends where the data ends: what it reports then belongs to bytes
    that are known. Where a head is byte for byte one that the connection has sent twice, what was made of that
    serves again, and the parser, which is between two messages then, does not see the request.

    Attributes:
        client: The client's address.
        server: Ours.
        reading: The cycle whose body is coming, or the last one.
        has_begun: Whether a request has begun, and is not whole.
        quiet: For how many seconds somebody has waited for the client.
        moved: How many bytes of a body were received or sent in that time.
    """

    __slots__ = (
        "_fed",
        "_framing",
        "_has_trailers",
        "_head",
        "_headers",
        "_is_parsed",
        "_known",
        "_known_length",
        "_known_scope",
        "_left",
        "_parser",
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
        """What was received of a head that is not whole."""
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._left = 0
        """How much of the body is still to come, or ``CHUNKED``; 0 while a head is read."""
        self._fed = b""
        """The last three bytes of a body in chunks: its end may be split."""
        self._framing = self._taken = 0
        self._has_trailers = False
        self._is_parsed = True
        """Whether the parser reads the request that is being read."""
        self._seen = self._known = b""
        """The last head that may be remembered, and the one that is, for it came twice."""
        self._known_scope: dict[str, Any] = {}
        self._known_length = 0
        self.client: Address = None
        self.server: Address = None
        self.reading: RequestCycle | None = None
        self.has_begun = False
        self.quiet = self.moved = 0

    # What the connection does with it

    @abstractmethod
    def begin(self, scope: Scope) -> RequestCycle:
        """Begin the cycle of a request whose head is there."""

    @abstractmethod
    def pause(self) -> None:
        """Pause reading from the connection."""

    @abstractmethod
    def refuse(self, status: int, code: str, detail: str) -> None:
        """Called when what was received is not an acceptable request."""

    def start_parser(self) -> None:
        """Get ready for a request."""
        self._parser = HttpRequestParser(self)
        # Who says that the connection is to be closed may have sent more by then: nobody reads it.
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def drop(self) -> None:
        """Read nothing more: the parser and the reader hold each other."""
        self._parser = None

    @property
    def is_reading(self) -> bool:
        """Whether requests are read."""
        return self._parser is not None

    def restart_clock(self) -> None:
        """Called when the client has done what was waited for."""
        self.quiet = self.moved = 0

    # What the event loop calls

    def data_received(self, data: bytes) -> None:
        """Read what was received."""
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
        """Check what was received of a head that is not whole.

        Raises:
            RequestRejected: It is too large, or not one of HTTP/1.
        """
        if len(self._head) > MAX_HEAD:
            raise _too_large()
        check_first_line(self._head)

    def _fail(self, fault: HttpParserError, rest: bytes) -> bytes:
        """Called when the parser stops, or something that it has called; return what is to be read anew."""
        cause = fault.__context__
        if isinstance(cause, _UpgradeIgnored):
            # A request for another protocol may be ignored (RFC 9110, 7.8), but the parser would read no body.
            head, self._head = _UPGRADE.sub(b"", self._head), b""
            self._left = 0
            self.start_parser()
            return head + rest
        if not isinstance(cause, RequestRejected):
            cause = refusal_of(self._head, is_method=isinstance(fault, HttpParserInvalidMethodError))
        self.refuse(cause.status, cause.code, cause.detail)
        return b""

    def _more_of_head(self, data: bytes, start: int) -> bytes:
        """Return what continues a head, up to its end."""
        known = self._head
        head = known + data[start:] if start else known + data
        found = head.find(_END, max(0, len(known) - 3))
        if found >= 0:
            head = head[: found + 4]
        self._head = head
        return head[len(known) :]

    def _read_body(self, data: bytes, start: int) -> int:
        """Read up to where a body ends, or may end; return where that is."""
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
        before, taken = self._fed, self._taken
        found = (before + data[start : start + 3]).find(_END)
        if found >= 0:
            end = start + found + 4 - len(before)
        else:
            found = data.find(_END, start)
            end = found + 4 if found >= 0 else len(data)
        piece = data[start:end]
        self._fed = piece[-3:] if len(piece) > 2 else (before + piece)[-3:]
        parser.feed_data(piece)
        self._framing += len(piece) - (self._taken - taken)
        if self._framing > MAX_HEAD + _FRAMING_PER_BYTE * self._taken:
            raise _too_large()
        if self._has_trailers and not self.has_begun:
            self.start_parser()  # what they say of the connection is not for this parser
        return end

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
        """Take the request's target, or a part of it."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; those behind the body are left out."""
        if self.reading is not None:
            self._has_trailers = True
            return
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Begin the cycle, or line it up.

        Raises:
            RequestRejected: The head is not that of an acceptable request.
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
            self._framing = self._taken = 0
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
            self._known = b""  # the parser takes nothing more then
        elif not expects_continue and self._left != CHUNKED:
            self._remember(head, scope)
        self.reading = cycle = self.begin(scope)
        cycle.expects_continue = expects_continue and version == "1.1"
        cycle.keep_alive = keep_alive

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body."""
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
        """End the request."""
        assert self.reading is not None
        self._left = 0
        self.has_begun = False
        self.reading.end()

    # Without the parser

    def _remember(self, head: bytes, scope: Scope) -> None:
        """Remember a head that has come twice in a row, if it is all that was received of its request so far."""
        if head != self._seen:
            self._seen = head if len(head) <= _MAX_KNOWN else b""
        elif head.find(_END) == len(head) - len(_END):
            self._known, self._known_scope, self._known_length = head, {**scope}, self._left

    def _repeat(self) -> None:
        """Begin the cycle of a request whose head is the one that is remembered."""
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
        """Take the host from the target: it overrides the header (RFC 9112, 3.2.2)."""
        self._headers = [header for header in self._headers if header[0] != b"host"]
        self._headers.append((b"host", authority))


def _too_large() -> RequestRejected:
    return RequestRejected(431, "head-too-large", f"The head is over {MAX_HEAD:,} bytes")
