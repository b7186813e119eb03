"""The transport over httpx: it can carry everything, and takes its time."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx

from naftiko_run.consume.exchange import OutgoingRequest, StreamedResponse, UpstreamResponse
from naftiko_run.consume.transport import words
from naftiko_run.consume.transport.answerhead import without_connection_options
from naftiko_run.consume.transport.encodings import accepted_encodings
from naftiko_run.consume.transport.keeping import decoded, kept_or_streamed
from naftiko_run.consume.transport.repeating import may_repeat
from naftiko_run.consume.transport.trust import trusting_context

_DISCONNECTED: Final = ("Server disconnected", "peer closed connection")
"""How httpx's messages begin where the connection ended; its others of that kind are of what is not HTTP."""


class HttpxTransport:
    """Sends requests with one shared httpx client, and one for each client certificate.

    Redirects are not followed: credentials stay with the host that the document
    names, and the caller sees the upstream's own answer. Cookies are not kept:
    what an upstream sets for one caller is no other caller's.

    Args:
        timeout: Seconds for each wait: to connect (at most 10), to send, to receive.
    """

    def __init__(self, timeout: float = words.DEFAULT_SECONDS) -> None:
        self._timeout = timeout
        self._clients: dict[ssl.SSLContext | None, httpx.AsyncClient] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        """Send a request; see ``Transport.send``."""
        response = await self._begin(request)
        encoding = ", ".join(response.headers.get_list("content-encoding"))
        chunks = decoded(request, self._chunks(request, response.aiter_raw()), encoding)
        return await kept_or_streamed(
            request, response.status_code, _headers(response), chunks, response.aclose
        )

    async def stream(self, request: OutgoingRequest) -> StreamedResponse:
        """Send a request, and give the response while its body comes; see ``Transport.stream``."""
        response = await self._begin(request)
        chunks = self._chunks(request, response.aiter_raw())
        return StreamedResponse(response.status_code, _headers(response), b"", chunks, response.aclose)

    async def _begin(self, request: OutgoingRequest) -> httpx.Response:
        """Send a request; the response has its headers, and its body is still to come."""
        with self._told(request):
            try:
                return await self._sent(request)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                # The upstream may have closed a connection that was kept, just as it was used again.
                if not may_repeat(request):
                    raise
                return await self._sent(request)

    async def _sent(self, request: OutgoingRequest) -> httpx.Response:
        client = self._client_of_this_loop(request.tls)
        outgoing = client.build_request(
            request.method,
            request.url,
            headers=[(name.encode(), value.encode()) for name, value in request.headers],
            content=request.body if request.chunks is None else request.chunks,
        )
        return await client.send(outgoing, stream=True)

    async def _chunks(self, request: OutgoingRequest, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        with self._told(request):
            async for chunk in chunks:
                yield chunk

    @contextmanager
    def _told(self, request: OutgoingRequest) -> Iterator[None]:
        """Tell what goes wrong in our own words."""
        try:
            yield
        except httpx.TimeoutException:
            raise words.timed_out(request, self._timeout) from None
        except FileNotFoundError:
            raise words.unreachable(request, words.cannot_connect(words.NO_AUTHORITIES)) from None
        except UnicodeEncodeError:  # of a header's name
            raise words.unreachable(request, words.NOT_SENT) from None
        except (httpx.RequestError, httpx.InvalidURL, ssl.SSLError) as fault:
            raise words.unreachable(request, _reason(fault)) from None

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
            headers={"Accept-Encoding": accepted_encodings()},
            verify=tls or trusting_context(),
            timeout=httpx.Timeout(self._timeout, connect=min(words.CONNECT_SECONDS, self._timeout)),
            limits=httpx.Limits(max_connections=256, max_keepalive_connections=64),
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )


def _headers(response: httpx.Response) -> tuple[tuple[str, str], ...]:
    return without_connection_options(
        tuple((name.lower(), value) for name, value in response.headers.multi_items())
    )


def _reason(fault: Exception) -> str:
    if isinstance(fault, httpx.ConnectError | ssl.SSLError):
        return words.cannot_connect("" if "All connection attempts" in str(fault) else str(fault))
    if isinstance(fault, httpx.RemoteProtocolError) and not str(fault).startswith(_DISCONNECTED):
        return words.NOT_HTTP
    if isinstance(fault, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        return words.BROKEN_OFF
    if isinstance(fault, httpx.LocalProtocolError):
        return words.NOT_SENT
    return type(fault).__name__
