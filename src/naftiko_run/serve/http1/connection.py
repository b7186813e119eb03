"""One connection of a client: bytes in, requests out, their answers in the order in which they came."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any, Final, cast
from urllib.parse import unquote

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser, parse_url
from uvicorn import Config

from naftiko_run import jsontext
from naftiko_run.expose.exposer import ASGIApp, Scope
from naftiko_run.expose.leaving import CLIENT
from naftiko_run.expose.problems import Problem
from naftiko_run.serve.http1.exchange import Exchange
from naftiko_run.serve.http1.head import write_head
from naftiko_run.serve.http1.state import State

_log = logging.getLogger(__name__)

MOST_HEAD: Final = 64 * 1024
"""The most that is read of a request before its body, and between the pieces of one."""
_MOST_UNREAD: Final = 64 * 1024
"""How much of a body waits for the app; more is left to the client to hold."""
IDLE_SECONDS: Final = 75
"""How long a connection without a request is kept."""
_HEAD_SECONDS: Final = 30
"""How long a client may take for a request's head."""
_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}


class ClientConnection(asyncio.Protocol):
    """A connection, as uvicorn's server wants it.

    Args:
        config: Whose app answers.
        server_state: Knows all connections and tasks of the server.
        app_state: What uvicorn's lifespan gives; there is none.
        _loop: The running one.
    """

    __slots__ = (
        "_app",
        "_client",
        "_exchange",
        "_expects",
        "_has_begun",
        "_headers",
        "_is_paused",
        "_loop",
        "_not_body",
        "_parser",
        "_quiet",
        "_reading",
        "_server",
        "_transport",
        "_url",
        "_waiting",
        "room",
        "state",
    )

    def __init__(
        self,
        config: Config,
        server_state: State,
        app_state: dict[str, Any],  # noqa: ARG002 - uvicorn gives it
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._app = cast("ASGIApp", config.loaded_app)
        self.state = server_state
        self._loop = _loop or asyncio.get_running_loop()
        self._parser: HttpRequestParser | None = None
        self._transport: asyncio.Transport
        self._client: tuple[str, int] | None = None
        self._server: tuple[str, int] | None = None
        self._exchange: Exchange | None = None
        """The one that is being answered."""
        self._waiting: deque[tuple[Exchange, Scope]] = deque()
        """Those that a client has sent without waiting for that answer."""
        self._reading: Exchange | None = None
        """The one whose body is coming."""
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._expects = False
        self._has_begun = False
        self._not_body = 0
        self._quiet = 0
        self._is_paused = False
        self.room: asyncio.Event | None = None

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self.state.connections.add(cast("Any", self))
        self._client = _address(transport, "peername")
        self._server = _address(transport, "sockname")
        self._parse_anew()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's form
        """End: who answers is told that nobody listens any more."""
        self.state.connections.discard(cast("Any", self))
        self._parser = None  # it and the connection hold each other
        self._waiting.clear()
        if self._exchange is not None:
            self._exchange.leave()
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        """Read what has come."""
        while data and self._parser is not None:
            try:
                self._parser.feed_data(data)
            except HttpParserUpgrade as fault:
                # To ask for another protocol is a wish, and may be passed over (RFC 9110, 7.8).
                data = data[fault.args[0] :]
                self._parse_anew()
            except HttpParserError:
                self._refuse(400, "not-http", "This is no request of HTTP/1.1")
            else:
                if self._has_begun:  # and has not ended
                    self._not_body += len(data)
                    if self._not_body > MOST_HEAD:
                        self._refuse(431, "head-too-large", f"The head is over {MOST_HEAD:,} bytes")
                return

    def pause_writing(self) -> None:
        """Hear that the client takes no more for now."""
        self.room = asyncio.Event()

    def resume_writing(self) -> None:
        """Hear that it does again."""
        if self.room is not None:
            self.room.set()
            self.room = None

    # What the server calls

    def shutdown(self) -> None:
        """End, once the request in flight is answered."""
        if self._exchange is None:
            self._transport.close()
        else:
            self._exchange.keeps = False

    def look(self) -> None:
        """Hear that a second has passed; end where nothing has come for long."""
        if self._exchange is None:
            self._quiet += 1
            if self._quiet > (_HEAD_SECONDS if self._has_begun else IDLE_SECONDS):
                self._transport.close()

    # What the exchanges call

    def write(self, data: bytes) -> None:
        """Send bytes to the client."""
        self._transport.write(data)

    def wants_more(self) -> None:
        """Hear that the app has read what has come of the request's body."""
        if self._is_paused and not self._waiting:
            self._is_paused = False
            self._transport.resume_reading()

    def answered(self, exchange: Exchange) -> None:
        """Hear that the answer is whole: the next request has its turn."""
        self._exchange = None
        self._quiet = 0
        if not exchange.keeps:
            self._waiting.clear()
            self._transport.close()
        elif self._waiting:
            self._answer(*self._waiting.popleft())
        else:
            self.wants_more()

    # What the parser calls

    def on_message_begin(self) -> None:
        """Hear that a request begins."""
        self._url = b""
        self._headers = []
        self._expects = False
        self._has_begun = True
        self._reading = None
        self._not_body = 0
        self._quiet = 0

    def on_url(self, url: bytes) -> None:
        """Take the request's target, or a part of it."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; those behind the body are left out."""
        if self._reading is None:
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self._expects = True
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Begin the exchange, or line it up."""
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
            "client": self._client,
            "server": self._server,
        }
        scope[CLIENT] = exchange = Exchange(self, method, version)
        exchange.expects = self._expects
        exchange.keeps = version != "1.0" and method != "CONNECT" and parser.should_keep_alive()
        self._reading = exchange
        if self._exchange is None:
            self._answer(exchange, scope)
        else:
            self._waiting.append((exchange, scope))
            self._pause()

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body."""
        exchange = self._reading
        assert exchange is not None
        self._not_body = 0
        exchange.take(piece)
        if exchange.unread > _MOST_UNREAD:
            self._pause()

    def on_message_complete(self) -> None:
        """Hear that the request is whole."""
        self._has_begun = False
        if self._reading is not None:
            self._reading.end()

    def _parse_anew(self) -> None:
        self._parser = HttpRequestParser(self)
        # Who says that the connection is to be closed may have sent more by then: nobody reads it.
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def _pause(self) -> None:
        if not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def _answer(self, exchange: Exchange, scope: Scope) -> None:
        self._exchange = exchange
        self.state.tasks.add(self._loop.create_task(self._run(exchange, scope)))

    async def _run(self, exchange: Exchange, scope: Scope) -> None:
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception:  # noqa: BLE001 - the router answers for what goes wrong, as long as it can
            _log.exception("an answer was broken off")
        finally:
            task = asyncio.current_task()
            assert task is not None
            self.state.tasks.discard(task)
            if not exchange.is_answered and not exchange.is_gone:
                self._transport.close()  # so that nobody takes half an answer for all of it

    def _refuse(self, status: int, code: str, detail: str) -> None:
        """Read nothing more: what has come is no request. Whoever has sent one before gets the answer to that."""
        self._parser = None
        if self._reading is not None and not self._reading.is_whole:
            self._reading.leave()
        exchange = self._exchange
        if exchange is not None and not exchange.is_gone:
            exchange.keeps = False
            return
        if exchange is None or not exchange.has_begun:
            problem = Problem(status, code, detail)
            content = jsontext.dumps(problem.document())
            headers = (
                (b"content-type", b"application/problem+json"),
                (b"content-length", b"%d" % len(content)),
            )
            head, _, _ = write_head(status, headers)
            self.write(b"%b%bconnection: close\r\n\r\n%b" % (head, self.state.common, content))
        self._transport.close()


def _address(transport: asyncio.BaseTransport, name: str) -> tuple[str, int] | None:
    found = transport.get_extra_info(name)
    return (str(found[0]), int(found[1])) if isinstance(found, tuple | list) and len(found) > 1 else None


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
