"""The transport over httpx."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final
from urllib.parse import urlsplit

import httpx

from naftiko_run.consume.exchange import OutgoingRequest, StreamedResponse, UpstreamResponse
from naftiko_run.errors import ResponseTooLarge, UpstreamTimeout, UpstreamUnreachable

CONNECT_SECONDS: Final = 10.0
DEFAULT_SECONDS: Final = 30.0

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods whose requests may be sent twice (RFC 9110, 9.2.2)."""

_ERROR_NUMBER = re.compile(r"\[Errno -?\d+\]\s*")


class HttpxTransport:
    """Sends requests with one shared httpx client, and one for each client certificate.

    Redirects are not followed: credentials stay with the host that the document
    names, and the caller sees the upstream's own answer. Cookies are not kept:
    what an upstream sets for one caller is no other caller's.

    Args:
        timeout: Seconds for each wait: to connect (at most 10), to send, to receive.
    """

    def __init__(self, timeout: float = DEFAULT_SECONDS) -> None:
        self._timeout = timeout
        self._clients: dict[ssl.SSLContext | None, httpx.AsyncClient] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        """Send a request; see ``Transport.send``."""
        with self._told(request):
            try:
                return await self._exchange(request)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                # The upstream may have closed a connection that was kept, just as it was used again.
                if request.method not in _IDEMPOTENT or not request.is_repeatable:
                    raise
                return await self._exchange(request)

    async def _exchange(self, request: OutgoingRequest) -> UpstreamResponse:
        response = await self._begin(request)
        chunks = _chunks(response, request)
        kept = bytearray()
        most = request.most_kept
        is_long = most is not None and _declared(response, request) > most
        try:
            while not is_long:
                chunk = await anext(chunks, None)
                if chunk is None:
                    await response.aclose()
                    return UpstreamResponse(response.status_code, _headers(response), bytes(kept))
                kept += chunk
                is_long = most is not None and len(kept) > most
        except BaseException:
            await response.aclose()
            raise
        return self._streamed(request, response, _joined(bytes(kept), chunks))

    async def stream(self, request: OutgoingRequest) -> StreamedResponse:
        """Send a request, and give the response while its body comes; see ``Transport.stream``."""
        with self._told(request):
            response = await self._begin(request)
        return self._streamed(request, response, response.aiter_raw())

    async def _begin(self, request: OutgoingRequest) -> httpx.Response:
        """Send a request; the response has its headers, and its body is still to come."""
        client = self._client_of_this_loop(request.tls)
        outgoing = client.build_request(
            request.method,
            request.url,
            headers=_encoded(request.headers),
            content=request.body if request.chunks is None else request.chunks,
        )
        return await client.send(outgoing, stream=True)

    def _streamed(
        self, request: OutgoingRequest, response: httpx.Response, chunks: AsyncIterator[bytes]
    ) -> StreamedResponse:
        async def told() -> AsyncIterator[bytes]:
            with self._told(request):
                async for chunk in chunks:
                    yield chunk

        return StreamedResponse(response.status_code, _headers(response), b"", told(), response.aclose)

    @contextmanager
    def _told(self, request: OutgoingRequest) -> Iterator[None]:
        """Tell what goes wrong in our own words."""
        try:
            yield
        except httpx.TimeoutException:
            raise UpstreamTimeout(
                f"{request.operation}: {_host(request.url)} did not answer within {self._timeout:g} s"
            ) from None
        except (httpx.RequestError, httpx.InvalidURL, ssl.SSLError) as fault:
            raise UpstreamUnreachable(
                f"{request.operation}: no answer from {_host(request.url)}: {_reason(fault)}"
            ) from None

    async def aclose(self) -> None:
        """Close every connection."""
        clients, self._clients = self._clients, {}
        if self._loop is asyncio.get_running_loop():
            for client in clients.values():
                await client.aclose()

    def _client_of_this_loop(self, tls: ssl.SSLContext | None) -> httpx.AsyncClient:
        """Give a certificate's client; new ones where the loop of the last is over: their connections are too."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._clients, self._loop = {}, loop
        if tls not in self._clients:
            self._clients[tls] = self._connect(tls)
        return self._clients[tls]

    def _connect(self, tls: ssl.SSLContext | None) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=tls or True,
            timeout=httpx.Timeout(self._timeout, connect=min(CONNECT_SECONDS, self._timeout)),
            limits=httpx.Limits(max_connections=256, max_keepalive_connections=64),
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )


async def _chunks(response: httpx.Response, request: OutgoingRequest) -> AsyncIterator[bytes]:
    """Give an answer in pieces, but never more of it than the request takes; what failed is told whole."""
    limit = request.max_answer
    if limit is None or response.status_code >= 300:
        async for chunk in response.aiter_bytes():
            yield chunk
        return
    if _declared(response, request) > limit:
        raise _too_large(request.operation, limit)
    taken = 0
    async for chunk in response.aiter_bytes():
        taken += len(chunk)
        if taken > limit:
            raise _too_large(request.operation, limit)
        yield chunk


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for chunk in rest:
        yield chunk


def _declared(response: httpx.Response, request: OutgoingRequest) -> int:
    """Give the length that an answer says it will have; 0 where it does not say, or has no body."""
    declared = response.headers.get("content-length", "")
    if request.method == "HEAD" or response.status_code in (204, 304) or not declared.isdecimal():
        return 0
    return int(declared)


def _too_large(operation: str, limit: int) -> ResponseTooLarge:
    return ResponseTooLarge(
        f"{operation} gave an answer of more than {limit:,} bytes, the most that is taken",
        hint="a larger `maxBinarySize` of the operation or the adapter takes it",
    )


def _headers(response: httpx.Response) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value) for name, value in response.headers.multi_items())


def _encoded(headers: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("utf-8"), value.encode("utf-8")) for name, value in headers]


def _host(url: str) -> str:
    """Give a URL's host and port: the rest may hold credentials."""
    return urlsplit(url).netloc.rpartition("@")[2] or "the upstream"


def _reason(fault: Exception) -> str:
    if isinstance(fault, httpx.ConnectError):
        cause = _ERROR_NUMBER.sub("", str(fault))
        return "cannot connect" + (f" ({cause})" if cause and "All connection attempts" not in cause else "")
    if isinstance(fault, httpx.RemoteProtocolError | httpx.ReadError):
        return "it broke the connection off"
    if isinstance(fault, httpx.DecodingError):
        return "its Content-Encoding does not fit what it sent"
    if isinstance(fault, httpx.LocalProtocolError):
        # Its own words would show the header, which may be a credential.
        return "the request was not sent, because a header or credential is not one that HTTP can carry"
    return type(fault).__name__
