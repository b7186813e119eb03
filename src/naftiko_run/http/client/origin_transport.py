"""Our own HTTP/1.1 client: exchanges with one origin over pooled connections."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from typing import Final

from naftiko_run.http.client import errors
from naftiko_run.http.client.buffering import buffer_or_stream, decoded
from naftiko_run.http.client.connection import MAX_BUFFERED, Broken, Connection, OutOfTime, SlowClient
from naftiko_run.http.client.origin import Origin, UrlTooLong, target_of
from naftiko_run.http.client.pool import Pool, PoolFull
from naftiko_run.http.client.request_writer import InvalidRequest, send_chunks, write_request_head
from naftiko_run.http.client.retry import may_retry
from naftiko_run.http.messages import OutgoingRequest, StreamedResponse, UpstreamResponse

_SMALL: Final = 64 * 1024
"""The maximum size of a body that is joined with the headers into one write."""


class OriginTransport:
    """Sends requests to one origin, in one event loop.

    Redirects are not followed, and cookies are not stored.

    Args:
        origin: The origin.
        prefix_length: The length of the origin in request URLs.
        pool: The connections to the origin.
    """

    def __init__(self, origin: Origin, prefix_length: int, pool: Pool) -> None:
        self._origin = origin
        self._prefix_length = prefix_length
        self._pool = pool

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        """Send a request; see ``Transport.send``."""
        if request.stream:
            return await self._stream(request)
        wanted = min(MAX_BUFFERED, request.max_kept)
        if request.stream_threshold is not None and request.stream_threshold < wanted:
            wanted = request.stream_threshold
        if request.max_answer is not None and request.max_answer < wanted:
            wanted = request.max_answer
        connection = await self._ask(request, wanted)
        reader = connection.reader
        head = reader.head
        assert head is not None
        if reader.is_complete and not head.encoding and reader.size <= wanted:
            response = UpstreamResponse(head.status, head.headers, reader.take(), url=request.url)
            self._pool.give_back(connection)
            return response
        body = _Body(request, connection, self._pool)
        chunks = decoded(request, body.raw(), head.encoding)
        response = await buffer_or_stream(request, head.status, head.headers, chunks, body.aclose)
        if isinstance(response, StreamedResponse):
            body.begin_stream()
        return response

    async def _stream(self, request: OutgoingRequest) -> StreamedResponse:
        connection = await self._ask(request, -1)
        head = connection.reader.head
        assert head is not None
        body = _Body(request, connection, self._pool)
        body.begin_stream()
        return StreamedResponse(head.status, head.headers, b"", body.raw(), body.aclose)

    @property
    def is_unused(self) -> bool:
        """Whether no connection is open and no request waits for one."""
        return self._pool.is_unused

    async def _ask(self, request: OutgoingRequest, wanted: int) -> Connection:
        """Send a request; return the connection when ``wanted`` is reached, see ``Connection.ask``."""
        head, length = self._head(request)
        body = request.body or b""
        data, more = (head, body) if len(body) > _SMALL else (head + body, b"")
        timeout = errors.seconds_of(request)
        deadline = request.deadline
        is_once = not may_retry(request)
        waited = 0.0
        for is_last in (False, True):
            connection = self._pool.kept(checked=is_once)
            if connection is None:
                loop = asyncio.get_running_loop()
                began = loop.time()
                deadline = deadline or began + timeout
                connection = await self._acquire(request, deadline, checked=is_once)
                waited += loop.time() - began
            try:
                connection.is_eager = request.stream_threshold is not None
                response = connection.ask(
                    data, more, wanted, timeout, deadline, bodiless=request.method == "HEAD"
                )
                deadline = connection.deadline
                if request.chunks is not None:
                    sending = send_chunks(connection, request.chunks, length)
                    connection.begin_sending(asyncio.create_task(sending))
                await response
            except BaseException as fault:
                connection.abort()
                await connection.stop_sending()
                if isinstance(fault, OutOfTime):
                    raise errors.timed_out(request, is_silence=fault.is_silence, waited=waited) from None
                if isinstance(fault, SlowClient):
                    raise errors.client_too_slow(request) from None
                if not isinstance(fault, Broken):
                    raise
                # The upstream may have closed the idle connection just before it was reused.
                is_stale = connection.was_used and not connection.has_heard
                if is_last or not is_stale or is_once:
                    raise errors.unreachable(request, str(fault)) from None
            else:
                return connection
            self._pool.forget_idle()
        raise AssertionError("the second attempt returns or raises")

    def _head(self, request: OutgoingRequest) -> tuple[bytes, int | None]:
        """Return the bytes before the body, and its length; see ``write_request_head``."""
        try:
            target = target_of(request.url, self._prefix_length)
            return write_request_head(request, self._origin.authority, target)
        except UrlTooLong:
            raise errors.url_too_long(request.operation) from None
        except ValueError:
            raise errors.unreachable(request, errors.NO_URL) from None
        except InvalidRequest:
            raise errors.unreachable(request, errors.NOT_SENT) from None

    async def _acquire(self, request: OutgoingRequest, deadline: float, *, checked: bool) -> Connection:
        """Return a connection from the pool, or raise the error for the request."""
        try:
            return await self._pool.take(deadline, checked=checked)
        except PoolFull as fault:
            raise errors.pool_full(request, fault.open, fault.in_all) from None
        except TimeoutError:
            raise errors.no_connection_in_time(request) from None
        except (OSError, UnicodeError) as fault:
            if errors.is_out_of_descriptors(fault):
                raise errors.out_of_descriptors(request) from None
            raise errors.unreachable(request, errors.cannot_connect(_cause(fault))) from None


class _Body:
    """The rest of a response body, and its connection."""

    def __init__(self, request: OutgoingRequest, connection: Connection, pool: Pool) -> None:
        self._request = request
        self._connection = connection
        self._pool = pool
        self._last = b""
        self._is_over = False
        self._is_read = False

    def begin_stream(self) -> None:
        """Switch to streaming: only pauses time out, and a slow client does not hold the connection longer than needed."""
        if self._is_over:
            return
        self._connection.begin_stream(self._release, is_read=self._is_read)
        if self._connection.reader.is_complete and not self._is_read:
            self._release()

    def _release(self) -> None:
        """Return the connection to the pool: the response is complete."""
        sending = self._connection.sending
        if sending is not None and not sending.done():
            return  # the request is not complete
        self._last = self._connection.reader.take()
        self._is_over = True
        self._pool.give_back(self._connection)

    async def raw(self) -> AsyncIterator[bytes]:
        """Yield the body as it is received, content encodings included."""
        while not self._is_over:
            self._is_read = True
            try:
                data = await self._connection.read()
            except OutOfTime as fault:
                raise errors.timed_out(self._request, is_silence=fault.is_silence) from None
            except SlowClient:
                raise errors.client_too_slow(self._request) from None
            except Broken as fault:
                raise errors.unreachable(self._request, str(fault)) from None
            finally:
                self._is_read = False
            reader = self._connection.reader
            if (
                reader.is_complete and not reader.size
            ):  # release the connection before the caller handles the last chunk
                await self.aclose()
            if data:
                yield data
        if self._last:
            yield self._last

    async def aclose(self) -> None:
        """Release the connection, whether or not the body was read to its end."""
        self._last = b""
        if not self._is_over:
            self._is_over = True
            self._pool.give_back(self._connection)
            if not self._connection.is_usable:
                await self._connection.stop_sending()


def _cause(fault: Exception) -> str:
    """Return the details of a failed connection attempt; empty if there are none."""
    if isinstance(fault, FileNotFoundError):
        return errors.NO_AUTHORITIES
    return str(fault) if isinstance(fault, socket.gaierror | ssl.SSLError) else ""
