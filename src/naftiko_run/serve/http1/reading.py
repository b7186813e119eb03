"""Requests as they come off the wire: bytes in, exchanges out."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import Final
from urllib.parse import unquote

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser, parse_url

from naftiko_run.expose.exposer import Scope
from naftiko_run.serve.http1.exchange import Exchange

MOST_HEAD: Final = 64 * 1024
"""The most that is read of a request before its body, and between the pieces of one; what comes with the first bytes
of a request, at most the quarter of a megabyte that the event loop reads at once, is not counted."""
_MOST_UNREAD: Final = 64 * 1024
"""How much of a body waits for the app; more is left to the client to hold."""
_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}

Address = tuple[str, int] | None


class RequestReader(asyncio.Protocol):
    """Reads the requests of one connection; what becomes of them is the connection's.

    Attributes:
        client: The client's address.
        server: Ours.
        reading: The exchange whose body is coming, or the last one.
        has_begun: Whether a request has begun, and is not whole.
        quiet: For how many seconds nothing was heard of the client that somebody waits for.
    """

    __slots__ = (
        "_expects",
        "_goes_on",
        "_headers",
        "_not_body",
        "_parser",
        "_upgrades",
        "_url",
        "client",
        "has_begun",
        "quiet",
        "reading",
        "server",
    )

    def __init__(self) -> None:
        self._parser: HttpRequestParser | None = None
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._expects = False
        self._upgrades = False
        """Whether the request asks for another protocol."""
        self._goes_on = False
        """Whether a new parser goes on with the body of a request whose head the one before has read."""
        self._not_body = 0
        self.client: Address = None
        self.server: Address = None
        self.reading: Exchange | None = None
        self.has_begun = False
        self.quiet = 0

    # What the connection does with it

    @abstractmethod
    def begin(self, scope: Scope) -> Exchange:
        """Begin the exchange of a request whose head is there."""

    @abstractmethod
    def pause(self) -> None:
        """Let nothing more come for now."""

    @abstractmethod
    def refuse(self, status: int, code: str, detail: str) -> None:
        """Hear that what has come is no request."""

    def parse_anew(self) -> None:
        """Get ready for a request."""
        self._parser = HttpRequestParser(self)
        # Who says that the connection is to be closed may have sent more by then: nobody reads it.
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def drop(self) -> None:
        """Read nothing more: the parser and the reader hold each other."""
        self._parser = None

    # What the event loop calls

    def data_received(self, data: bytes) -> None:
        """Read what has come."""
        while data and self._parser is not None:
            self._not_body += len(data)
            try:
                self._parser.feed_data(data)
            except HttpParserUpgrade as fault:
                # To ask for another protocol is a wish, and may be passed over (RFC 9110, 7.8).
                data = (self._framing() if self._goes_on else b"") + data[fault.args[0] :]
                self.parse_anew()
            except HttpParserError:
                self.refuse(400, "not-http", "This is no request of HTTP/1.1")
            else:
                if self.has_begun and self._not_body > MOST_HEAD:
                    self.refuse(431, "head-too-large", f"The head is over {MOST_HEAD:,} bytes")
                return

    # What the parser calls

    def on_message_begin(self) -> None:
        """Hear that a request begins."""
        if self._goes_on:
            return
        self._url = b""
        self._headers = []
        self._expects = False
        self.has_begun = True
        self.reading = None
        self._not_body = 0
        self.quiet = 0

    def on_url(self, url: bytes) -> None:
        """Take the request's target, or a part of it."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; those behind the body are left out."""
        if self.reading is None:
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self._expects = True
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Begin the exchange, or line it up."""
        if self._goes_on:
            self._goes_on = self._upgrades = False
            return
        parser = self._parser
        assert parser is not None
        path, query = _split(self._url)
        method = parser.get_method().decode("ascii")
        version = parser.get_http_version()
        text = path.decode("ascii")
        scope: Scope = {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "method": method,
            "scheme": "http",
            "path": unquote(text) if "%" in text else text,
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": self._headers,
            "client": self.client,
            "server": self.server,
        }
        self.reading = exchange = self.begin(scope)
        is_old = version == "1.0"
        exchange.expects = self._expects and not is_old
        exchange.keeps = not is_old and method != "CONNECT" and parser.should_keep_alive()
        self._upgrades = parser.should_upgrade() and method != "CONNECT"

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body."""
        exchange = self.reading
        assert exchange is not None
        self._not_body = 0
        if exchange.is_answered:
            return
        self.quiet = 0
        exchange.take(piece)
        if exchange.unread > _MOST_UNREAD:
            self.pause()

    def on_message_complete(self) -> None:
        """Hear that the request is whole."""
        if self._upgrades and self._framing():
            self._goes_on = True
            return
        assert self.reading is not None
        self.has_begun = False
        self.reading.end()

    def _framing(self) -> bytes:
        """Give a head that says of the body what the request's said; empty where there is no body to come.

        The parser takes a request that asks for another protocol for one without a body.
        """
        told = [header for header in self._headers if header[0] in (b"content-length", b"transfer-encoding")]
        lines = b"".join(b"%b: %b\r\n" % header for header in told)
        return b"POST / HTTP/1.1\r\n%b\r\n" % lines if told else b""


def _split(url: bytes) -> tuple[bytes, bytes]:
    """Give the path and the query of a request's target.

    Raises:
        HttpParserError: It is none.
    """
    if url.startswith(b"/") and ord("#") not in url:
        path, _, query = url.partition(b"?")
        return path, query
    parsed = parse_url(url)
    return parsed.path or b"/", parsed.query or b""
