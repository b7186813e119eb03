"""One connection of a client: bytes in, requests out, their answers in the order in which they came."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any, Final, cast

from uvicorn import Config

from naftiko_run import jsontext
from naftiko_run.expose.exposer import ASGIApp, Scope
from naftiko_run.expose.leaving import CLIENT
from naftiko_run.expose.problems import Problem
from naftiko_run.serve.http1.exchange import Exchange
from naftiko_run.serve.http1.head import write_head
from naftiko_run.serve.http1.reading import RequestReader
from naftiko_run.serve.http1.state import State

_log = logging.getLogger(__name__)

IDLE_SECONDS: Final = 75
"""How long a connection without a request is kept."""
_HEAD_SECONDS: Final = 30
"""How long a client may take for a request's head."""


class ClientConnection(RequestReader):
    """A connection, as uvicorn's server wants it.

    Args:
        config: Whose app answers.
        server_state: Knows all connections and tasks of the server.
        app_state: What uvicorn's lifespan gives; there is none.
        _loop: The running one.
    """

    __slots__ = (
        "_app",
        "_exchange",
        "_is_paused",
        "_loop",
        "_transport",
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
        super().__init__()
        self._app = cast("ASGIApp", config.loaded_app)
        self.state = server_state
        self._loop = _loop or asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._exchange: Exchange | None = None
        """The one that is being answered."""
        self._waiting: deque[tuple[Exchange, Scope]] = deque()
        """Those that a client has sent without waiting for that answer."""
        self._is_paused = False
        self.room: asyncio.Event | None = None

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self.state.connections.add(cast("Any", self))
        self.client = _address(transport, "peername")
        self.server = _address(transport, "sockname")
        self.parse_anew()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's form
        """End: who answers is told that nobody listens any more."""
        self.state.connections.discard(cast("Any", self))
        self.drop()
        self._waiting.clear()
        if self._exchange is not None:
            self._exchange.leave()
        self.resume_writing()

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
            self.quiet += 1
            if self.quiet > (_HEAD_SECONDS if self.has_begun else IDLE_SECONDS):
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
        self.quiet = 0
        if not exchange.keeps:
            self._waiting.clear()
            self._transport.close()
        elif self._waiting:
            self._answer(*self._waiting.popleft())
        else:
            self.wants_more()

    # What the reader calls

    def begin(self, scope: Scope) -> Exchange:
        """Begin the exchange of a request; it has its turn behind the one that is being answered."""
        scope[CLIENT] = exchange = Exchange(self, scope["method"], scope["http_version"])
        if self._exchange is None:
            self._answer(exchange, scope)
        else:
            self._waiting.append((exchange, scope))
            self.pause()
        return exchange

    def pause(self) -> None:
        """Leave what comes to the client to hold."""
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

    def refuse(self, status: int, code: str, detail: str) -> None:
        """Read nothing more: what has come is no request. Whoever has sent one before gets the answer to that."""
        self.drop()
        if self.reading is not None and not self.reading.is_whole:
            self.reading.leave()
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
