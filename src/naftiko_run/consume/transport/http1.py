"""Our own HTTP/1.1 client: the exchanges with one origin, over connections that are kept."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Final

from naftiko_run.consume.exchange import OutgoingRequest, StreamedResponse, UpstreamResponse
from naftiko_run.consume.transport import words
from naftiko_run.consume.transport.connecting import connect
from naftiko_run.consume.transport.connection import MOST_BUFFERED, Connection, OutOfTime
from naftiko_run.consume.transport.head import Unsendable, write_head
from naftiko_run.consume.transport.keeping import decoded, kept_or_streamed
from naftiko_run.consume.transport.line import Broken
from naftiko_run.consume.transport.origin import Origin, target_of
from naftiko_run.consume.transport.pool import Pool, Total
from naftiko_run.consume.transport.repeating import may_repeat
from naftiko_run.consume.transport.sending import send_chunks

_SMALL: Final = 64 * 1024
"""A body up to this goes with the headers in one piece."""


class OriginTransport:
    """Carries requests to one origin, in one event loop.

    Redirects are not followed, and cookies are not kept.

    Args:
        origin: Which.
        prefix_length: How long what URLs have before their path is.
        tls: Holds the client certificate that connections show; None where they show none.
        timeout: Seconds for each wait: for a connection (to connect at most 10), to send, to receive.
        total: Counts the connections to all origins.
    """

    def __init__(
        self, origin: Origin, prefix_length: int, tls: ssl.SSLContext | None, timeout: float, total: Total
    ) -> None:
        self._origin = origin
        self._prefix_length = prefix_length
        self._tls = tls
        self._timeout = timeout
        self._pool = Pool(self._connect, total, timeout)

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        """Send a request; see ``Transport.send``."""
        wanted = min(MOST_BUFFERED, request.max_kept)
        if request.most_kept is not None:
            wanted = min(wanted, request.most_kept)
        if request.max_answer is not None:
            wanted = min(wanted, request.max_answer)
        connection = await self._ask(request, wanted)
        reader = connection.reader
        head = reader.head
        assert head is not None
        if reader.is_complete and not head.encoding and reader.size <= wanted:
            response = UpstreamResponse(head.status, head.headers, reader.take())
            self._pool.give_back(connection)
            return response
        body = _Body(request, connection, self._pool, self._timeout)
        chunks = decoded(request, body.raw(), head.encoding)
        return await kept_or_streamed(request, head.status, head.headers, chunks, body.aclose)

    async def stream(self, request: OutgoingRequest) -> StreamedResponse:
        """Send a request, and give the response while its body comes; see ``Transport.stream``."""
        connection = await self._ask(request, -1)
        head = connection.reader.head
        assert head is not None
        body = _Body(request, connection, self._pool, self._timeout)
        return StreamedResponse(head.status, head.headers, b"", body.raw(), body.aclose)

    @property
    def is_unused(self) -> bool:
        """Whether no connection is open, and nobody waits for one."""
        return self._pool.is_unused

    async def _ask(self, request: OutgoingRequest, wanted: int) -> Connection:
        """Send a request, and give the connection when so much of the response has come; see ``Connection.ask``."""
        try:
            target = target_of(request.url, self._prefix_length)
            head, length = write_head(request, self._origin.authority, target)
        except ValueError as fault:
            raise words.unreachable(request, str(fault)) from None
        except Unsendable:
            raise words.unreachable(request, words.NOT_SENT) from None
        body = request.body or b""
        data, more = (head, body) if len(body) > _SMALL else (head + body, b"")
        for is_last in (False, True):
            connection = self._pool.kept() or await self._taken(request)
            try:
                response = connection.ask(data, more, wanted, bodiless=request.method == "HEAD")
                if request.chunks is not None:
                    connection.sending = asyncio.create_task(send_chunks(connection, request.chunks, length))
                await response
            except BaseException as fault:
                connection.abort()
                await connection.stop_sending()
                if isinstance(fault, OutOfTime):
                    raise words.timed_out(request, self._timeout) from None
                if not isinstance(fault, Broken):
                    raise
                # The upstream may have closed a connection that was kept, just as it was used again.
                is_stale = connection.was_used and not connection.has_heard
                if is_last or not is_stale or not may_repeat(request):
                    raise words.unreachable(request, str(fault)) from None
            else:
                return connection
            self._pool.forget_idle()
        raise AssertionError("the second attempt gives or raises")

    async def _taken(self, request: OutgoingRequest) -> Connection:
        """Give a connection from the pool, or say why there is none."""
        try:
            return await self._pool.take()
        except TimeoutError:
            raise words.timed_out(request, self._timeout) from None
        except (socket.gaierror, ssl.SSLError) as fault:
            raise words.unreachable(request, words.cannot_connect(str(fault))) from None
        except FileNotFoundError:
            raise words.unreachable(request, words.cannot_connect(words.NO_AUTHORITIES)) from None
        except (OSError, UnicodeError):
            raise words.unreachable(request, words.cannot_connect("")) from None

    async def _connect(self, on_gone: Callable[[Connection], None]) -> Connection:
        make = partial(Connection, asyncio.get_running_loop(), self._timeout, on_gone)
        async with asyncio.timeout(min(words.CONNECT_SECONDS, self._timeout)):
            return await connect(self._origin, self._tls, make)


class _Body:
    """The body of a response that is still to come, and the connection that it comes over."""

    def __init__(self, request: OutgoingRequest, connection: Connection, pool: Pool, timeout: float) -> None:
        self._request = request
        self._connection = connection
        self._pool = pool
        self._timeout = timeout
        self._is_over = False

    async def raw(self) -> AsyncIterator[bytes]:
        """Give the body as it comes off the wire."""
        while not self._is_over:
            try:
                data = await self._connection.read()
            except OutOfTime:
                raise words.timed_out(self._request, self._timeout) from None
            except Broken as fault:
                raise words.unreachable(self._request, str(fault)) from None
            if data:
                yield data
            else:
                await self.aclose()

    async def aclose(self) -> None:
        """Give the connection back, read to the end or not."""
        if not self._is_over:
            self._is_over = True
            self._pool.give_back(self._connection)
            if not self._connection.is_usable:
                await self._connection.stop_sending()
