"""A listening socket: accepts connections, and pauses when the process is out of file descriptors."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from typing import Final

_log = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 1.0
"""How many seconds accepting pauses when no file descriptor is left."""
_MAX_BATCH: Final = 128
"""How many connections are accepted before control returns to the event loop."""
_MAX_BACKLOG: Final = 4096
"""How many connections that are waiting are accepted at the end."""
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Listener:
    """Accepts the connections of one socket, with the interface that uvicorn expects of a server.

    Neither event loop does this well once no file descriptor is left: asyncio logs a traceback for each
    connection in the backlog, and uvloop silently closes client connections, or its listening socket.

    Args:
        listening: A socket that is bound, listening and non-blocking.
        make: Returns the protocol of a new connection.
    """

    def __init__(self, listening: socket.socket, make: Callable[[], asyncio.Protocol]) -> None:
        self._loop = asyncio.get_running_loop()
        self._listening = listening
        self._make = make
        self._pause: asyncio.TimerHandle | None = None
        self._opening: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._resume()

    def close(self) -> None:
        """Accept the connections that are waiting, and then no more; the socket stays open."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listening)
        self._accept(_MAX_BACKLOG)

    async def wait_closed(self) -> None:
        """Wait until no connection is being opened."""
        if self._opening:
            await asyncio.wait(self._opening)

    def _resume(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listening, self._accept)

    def _accept(self, maximum: int = _MAX_BATCH) -> None:
        """Accept pending connections."""
        for _ in range(maximum):
            try:
                accepted, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionAbortedError:  # the client has already disconnected
                continue
            except OSError as fault:
                if fault.errno not in _EXHAUSTED:
                    raise
                if self._is_closed:
                    return
                self._loop.remove_reader(self._listening)
                self._pause = self._loop.call_later(PAUSE_SECONDS, self._resume)
                _log.error(
                    "port %d accepts no connection for %g s: %s; raise the limit on open files (`ulimit -n`), "
                    "or keep clients from opening so many connections",
                    self._listening.getsockname()[1],
                    PAUSE_SECONDS,
                    fault.strerror,
                )
                return
            task = self._loop.create_task(self._open(accepted))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self, accepted: socket.socket) -> None:
        try:
            accepted.setblocking(False)  # noqa: FBT003 - the standard library's form
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(self._make, accepted)
        except OSError:  # the client has already disconnected
            accepted.close()
