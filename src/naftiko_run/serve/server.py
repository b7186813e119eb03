"""A uvicorn server for one site: with our own protocol or uvicorn's, and without signal handling."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from inspect import CORO_CREATED, getcoroutinestate
from typing import Any, Final, cast

import uvicorn

from naftiko_run.expose import ASGIApp, Message, Receive, Scope, Send
from naftiko_run.http.server import IDLE_SECONDS, ClientConnection, State
from naftiko_run.serve.listener import Listener
from naftiko_run.serve.mount import ServeSettings
from naftiko_run.serve.site import Site

_TICKS_A_SECOND: Final = 10
_LINGER: Final = 0.1
"""Seconds in which requests are still read from connections that are open."""
_CLOSE_TIMEOUT: Final = 1.0
"""Seconds for the last responses to be sent, once the drain is over."""


class _PortApp:
    """The ASGI app of a port, which can be replaced between two requests.

    Attributes:
        app: Handles the next requests.
    """

    __slots__ = ("app",)

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Handle one request."""
        return self.app(scope, receive, send)


def _closing(app: ASGIApp) -> ASGIApp:
    """Return an app that asks clients to close the connection after each response."""

    async def close(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_closing(message: Message) -> None:
            if "status" in message:
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        await app(scope, receive, send_closing)

    return close


class Server(uvicorn.Server):
    """A uvicorn server that does not handle signals: the supervisor runs several servers and handles them.

    Args:
        site: The site to serve.
        settings: How it is served.
    """

    def __init__(self, site: Site, settings: ServeSettings) -> None:
        self._app = _PortApp(site.router)
        config = uvicorn.Config(
            cast("Any", self._app),
            interface="asgi3",
            http=ClientConnection if settings.http_server == "naftiko" else "httptools",
            timeout_keep_alive=IDLE_SECONDS,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # no feature needs the address of a client behind a proxy
            timeout_graceful_shutdown=cast("Any", settings.drain),  # only passed to asyncio
        )
        super().__init__(config)
        self.server_state = self._state = State()

    @property
    def requests(self) -> set[asyncio.Task[None]]:
        """The requests that the current app handles, and earlier ones."""
        return {
            each
            for each in self._state.tasks
            if getcoroutinestate(cast("Any", each.get_coro())) != CORO_CREATED
        }

    def switch(self, app: ASGIApp) -> None:
        """Handle the next requests with another app."""
        self._app.app = app

    def stop_accepting(self) -> None:
        """Accept the connections that are waiting, and then no more."""
        for each in self.servers:
            each.close()

    def close_connections(self) -> None:
        """Close each connection after its next response; new ones are still accepted."""
        self.switch(_closing(self._app.app))

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do not install signal handlers."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start accepting connections."""
        if sys.platform == "win32":  # its event loop has no add_reader
            await super().startup(sockets)
            return
        await self.lifespan.startup()
        loop = asyncio.get_running_loop()
        protocol: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
        make = partial(protocol, self.config, self._state, self.lifespan.state, loop)
        self.servers = cast("Any", [Listener(each, make) for each in sockets or ()])
        self.started = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting connections, drain, and close every remaining connection."""
        self.close_connections()
        self.stop_accepting()
        for listening in sockets or ():
            listening.close()  # at once: connections to it that nothing accepts would be reset
        for each in self.servers:
            await each.wait_closed()
        if self._state.connections:
            # Clients may have sent requests that are not read yet: a connection that is closed now would lose them.
            await asyncio.sleep(_LINGER)
        await super().shutdown(sockets)
        tasks = list(self._state.tasks)
        if tasks:  # cancelled at the end of the drain, they still send a response
            await asyncio.wait(tasks, timeout=_CLOSE_TIMEOUT)
        transports: list[asyncio.Transport] = [
            cast("Any", each).transport for each in self._state.connections
        ]
        for transport in transports:
            transport.close()  # after its write buffer is flushed
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                while self._state.connections:  # noqa: ASYNC110 - uvicorn's set has no event
                    await asyncio.sleep(_CLOSE_TIMEOUT / 100)
        for transport in transports:
            transport.abort()

    async def on_tick(self, counter: int) -> bool:
        """Called ten times per second; run the connections' timers once per second."""
        is_over = await super().on_tick(counter)
        if counter % _TICKS_A_SECOND == 0:
            self._state.on_tick()
        return is_over
