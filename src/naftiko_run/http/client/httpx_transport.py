"""The transport over httpx: slower than our own client, but it supports every request."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final

import httpx

from naftiko_run.header_values import decode_header_value, encode_header_value
from naftiko_run.http.client import errors
from naftiko_run.http.client.buffering import buffer_or_stream, decoded
from naftiko_run.http.client.encodings import accepted_encodings
from naftiko_run.http.client.limiter import DEFAULT_LIMITS, Limits
from naftiko_run.http.client.origin import MAX_URL_LENGTH, prefix_of
from naftiko_run.http.client.response_headers import without_connection_options
from naftiko_run.http.client.retry import may_retry
from naftiko_run.http.client.tls import default_context
from naftiko_run.http.messages import DEFAULT_SECONDS, OutgoingRequest, StreamedResponse, UpstreamResponse

_DISCONNECTED: Final = ("Server disconnected", "peer closed connection")
"""The start of httpx's messages for a closed connection; its other protocol errors mean invalid HTTP."""

_CONNECT_SHARE: Final = 0.9
"""The share of a call's timeout for connecting, so that the error can name this phase."""


class HttpxTransport:
    """Sends requests with one shared httpx client, and one for each client certificate.

    Redirects are not followed: credentials stay with the host that the document
    names, and the caller receives the upstream's own response. Cookies are not
    stored, because they must not be shared between callers.

    Args:
        timeout: The default timeout of a call in seconds; see ``OutgoingRequest``.
        limits: The connection limits of all clients together.
    """

    def __init__(self, timeout: float = DEFAULT_SECONDS, limits: Limits = DEFAULT_LIMITS) -> None:
        self._timeout = timeout
        self._limits = limits
        self._clients: dict[ssl.SSLContext | None, httpx.AsyncClient] = {}
        self._places: dict[str, _Limit] = {}
        self._in_all = _Limit(limits.in_all)
        self._loop: asyncio.AbstractEventLoop | None = None

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        """Send a request; see ``Transport.send``."""
        if request.stream:
            return await self._stream(request)
        request = self._timed(request)
        place = _Slot()
        with self._errors_converted(request, place):
            await self._enter(request, place)
            async with asyncio.timeout_at(request.deadline):
                response, close = await self._begin(request, place)
                encoding = ", ".join(response.headers.get_list("content-encoding"))
                chunks = decoded(request, self._chunks(request, response.aiter_raw()), encoding)
                try:
                    return await buffer_or_stream(
                        request, response.status_code, _headers(response), chunks, close
                    )
                except BaseException:
                    await close()
                    raise

    async def _stream(self, request: OutgoingRequest) -> StreamedResponse:
        request = self._timed(request)
        chunks_in = request.chunks
        place = _Slot()
        with self._errors_converted(request, place):
            await self._enter(request, place)
            async with asyncio.timeout_at(request.deadline if chunks_in is None else None) as limit:
                if chunks_in is not None:
                    request = request.copy(chunks=_limited(chunks_in, limit, errors.seconds_of(request)))
                response, close = await self._begin(request, place)
        chunks = self._chunks(request, response.aiter_raw())
        return StreamedResponse(response.status_code, _headers(response), b"", chunks, close)

    async def _begin(
        self, request: OutgoingRequest, place: _Slot
    ) -> tuple[httpx.Response, Callable[[], Awaitable[None]]]:
        """Send a request; return the response, whose body is not read yet, and a function that closes it."""
        is_open = True

        async def close() -> None:
            nonlocal is_open
            if is_open:
                is_open = False
                place.release()
                await response.aclose()

        try:
            try:
                response = await self._sent(request)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                # The upstream may have closed the idle connection just before it was reused.
                if not may_retry(request):
                    raise
                response = await self._sent(request)
        except BaseException:
            place.release()
            raise
        return response, close

    def _timed(self, request: OutgoingRequest) -> OutgoingRequest:
        """Return a copy of the request with its timeout and deadline set."""
        timeout = self._timeout if request.timeout is None else request.timeout
        deadline = request.deadline or asyncio.get_running_loop().time() + timeout
        return request.copy(timeout=timeout, deadline=deadline)

    async def _enter(self, request: OutgoingRequest, place: _Slot) -> None:
        """Wait until a request may use a connection.

        Raises:
            NoConnection: No connection became free in time.
        """
        loop = asyncio.get_running_loop()
        if self._loop is not loop:  # connections of the previous loop are closed
            self._clients, self._places, self._loop = {}, {}, loop
            self._in_all = _Limit(self._limits.in_all)
        self._client(request.tls)  # creating a client is slow, and must not count against the upstream
        began = loop.time()
        origin = prefix_of(request.url).casefold()
        to_one = self._places.setdefault(origin, _Limit(self._limits.to_one))
        try:
            async with asyncio.timeout_at(request.deadline):
                await place.take(to_one)
                await place.take(self._in_all)
        except TimeoutError:
            is_full = not place.taken
            used = to_one.used if is_full else to_one.used - 1
            raise errors.pool_full(request, used, 0 if is_full else self._limits.in_all) from None
        finally:
            if len(place.taken) < 2:
                place.release()
        place.waited = loop.time() - began

    async def _sent(self, request: OutgoingRequest) -> httpx.Response:
        client = self._client(request.tls)
        seconds = errors.seconds_of(request)
        outgoing = client.build_request(
            request.method,
            request.url,
            headers=[(name.encode(), encode_header_value(value)) for name, value in request.headers],
            content=request.body if request.chunks is None else request.chunks,
            timeout=httpx.Timeout(seconds, connect=min(errors.CONNECT_SECONDS, seconds * _CONNECT_SHARE)),
            extensions={"trace": _HandshakeCleanup()} if request.url[:6].lower() == "https:" else None,
        )
        return await client.send(outgoing, stream=True)

    async def _chunks(self, request: OutgoingRequest, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        with self._errors_converted(request):
            async for chunk in chunks:
                yield chunk

    @contextmanager
    def _errors_converted(self, request: OutgoingRequest, place: _Slot | None = None) -> Iterator[None]:
        """Convert the errors of httpx to our own."""
        try:
            yield
        except httpx.PoolTimeout:
            raise errors.pool_full(request, self._limits.to_one, self._limits.in_all) from None
        except httpx.ConnectTimeout:
            raise errors.no_connection_in_time(request) from None
        except (httpx.TimeoutException, TimeoutError) as fault:
            is_silence = not isinstance(fault, TimeoutError)
            waited = 0.0 if place is None else place.waited
            raise errors.timed_out(request, is_silence=is_silence, waited=waited) from None
        except FileNotFoundError:
            raise errors.unreachable(request, errors.cannot_connect(errors.NO_AUTHORITIES)) from None
        except UnicodeEncodeError:  # in a header name
            raise errors.unreachable(request, errors.NOT_SENT) from None
        except (httpx.RequestError, httpx.InvalidURL, ssl.SSLError) as fault:
            if len(request.url) > MAX_URL_LENGTH:
                raise errors.url_too_long(request.operation) from None
            if any(errors.is_out_of_descriptors(each) for each in _causes(fault)):
                raise errors.out_of_descriptors(request) from None
            raise errors.unreachable(request, _reason(fault)) from None

    async def aclose(self) -> None:
        """Close all connections."""
        clients, self._clients = self._clients, {}
        if self._loop is asyncio.get_running_loop():
            for client in clients.values():
                await client.aclose()

    def _client(self, tls: ssl.SSLContext | None) -> httpx.AsyncClient:
        """Return the client for a client certificate."""
        if tls not in self._clients:
            self._clients[tls] = self._connect(tls)
        return self._clients[tls]

    def _connect(self, tls: ssl.SSLContext | None) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            headers={"Accept-Encoding": accepted_encodings()},
            verify=tls or default_context(),
            limits=httpx.Limits(
                max_connections=self._limits.in_all, max_keepalive_connections=self._limits.idle
            ),
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )


class _HandshakeCleanup:
    """Closes the connection of a TLS handshake that fails: httpcore leaves it open if the handshake is cancelled.

    A callback for httpcore's ``trace`` extension.
    """

    def __init__(self) -> None:
        self._close: Callable[[], Awaitable[None]] | None = None

    async def __call__(self, event: str, info: dict[str, Any]) -> None:
        """Remember the connection when it is made; close it when its handshake fails."""
        if event.endswith(".connect_tcp.complete"):
            self._close = info["return_value"].aclose
        elif event.endswith(".start_tls.failed") and self._close is not None:
            await self._close()


class _Limit(asyncio.Semaphore):
    """Limits the number of requests that use a connection at once.

    Attributes:
        used: The number of such requests.
    """

    used = 0


class _Slot:
    """A request's slot in the connection limits.

    Attributes:
        taken: The acquired limits.
        waited: How many seconds the request waited for them.
    """

    def __init__(self) -> None:
        self.taken: list[_Limit] = []
        self.waited = 0.0

    async def take(self, places: _Limit) -> None:
        """Acquire a limit, waiting if it is reached."""
        await places.acquire()
        places.used += 1
        self.taken.append(places)

    def release(self) -> None:
        """Release the acquired limits."""
        while self.taken:
            places = self.taken.pop()
            places.used -= 1
            places.release()


def _causes(fault: BaseException) -> Iterator[BaseException]:
    """Yield an exception and its causes."""
    cause: BaseException | None = fault
    while cause is not None:
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            yield from cause.exceptions
        cause = cause.__cause__ or cause.__context__


async def _limited(
    chunks: AsyncIterator[bytes], limit: asyncio.Timeout, seconds: float
) -> AsyncIterator[bytes]:
    """Yield the body of a request; the deadline starts at its end."""
    async for chunk in chunks:
        yield chunk
    limit.reschedule(asyncio.get_running_loop().time() + seconds)


def _headers(response: httpx.Response) -> tuple[tuple[str, str], ...]:
    return without_connection_options(
        tuple(
            (name.decode("latin-1").lower(), decode_header_value(value))
            for name, value in response.headers.raw
        )
    )


def _reason(fault: Exception) -> str:
    if isinstance(fault, httpx.ConnectError | ssl.SSLError):
        return errors.cannot_connect("" if "All connection attempts" in str(fault) else str(fault))
    if isinstance(fault, httpx.RemoteProtocolError) and not str(fault).startswith(_DISCONNECTED):
        return errors.NOT_HTTP
    if isinstance(fault, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        return errors.BROKEN_OFF
    if isinstance(fault, httpx.LocalProtocolError):
        return errors.NOT_SENT
    if isinstance(fault, httpx.InvalidURL):
        return errors.NO_URL
    return type(fault).__name__
