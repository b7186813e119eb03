"""A uvicorn server for one site: with our own protocol or uvicorn's, and without signal handling."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final, cast

import uvicorn

from naftiko_run.http.server import IDLE_SECONDS, ClientConnection, State
from naftiko_run.serve.listener import Listener
from naftiko_run.serve.mount import ServeSettings
from naftiko_run.serve.site import Site

_TICKS_A_SECOND: Final = 10
_CLOSE_TIMEOUT: Final = 1.0
"""Seconds for the last responses to be sent, once the drain is over."""


class Server(uvicorn.Server):
    """A uvicorn server that does not handle signals: the supervisor runs several servers and handles them.

    Args:
        site: The site to serve.
        settings: How it is served.
    """

    def __init__(self, site: Site, settings: ServeSettings) -> None:
        config = uvicorn.Config(
            site.router,
            http=ClientConnection if settings.http_server == "naftiko" else "httptools",
            timeout_keep_alive=IDLE_SECONDS,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # no feature needs the address of a client behind a proxy
            timeout_graceful_shutdown=settings.drain,
        )
        super().__init__(config)
        self.server_state = self._state = State()

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
