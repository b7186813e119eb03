"""Which transport carries a request: our own HTTP/1.1 client, or httpx where anything is unusual."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final, Literal

from naftiko_run.http.client.limits import DEFAULT_LIMITS, Limits
from naftiko_run.http.client.origin import Origin, parse_origin, prefix_of
from naftiko_run.http.client.proxies import environment_proxies
from naftiko_run.http.client.registry import Carriers, ConnectionRegistry, shared_by
from naftiko_run.http.messages import (
    DEFAULT_SECONDS,
    OutgoingRequest,
    Transport,
    UpstreamResponse,
)

if TYPE_CHECKING:
    from naftiko_run.http.client.origin_transport import OriginTransport

_MAX_ORIGINS: Final = 256
"""So many origins are remembered though no connection to them is open."""


def http_transport(client: Literal["naftiko", "httpx"], timeout: float, limits: Limits) -> Transport:
    """Return a transport to all upstreams.

    Args:
        client: Our own client, which leaves what is unusual to httpx; or httpx for everything.
        timeout: How many seconds a call may take whose request says nothing else.
        limits: The most connections.
    """
    if client == "naftiko":
        return HttpTransport(timeout, limits)
    from naftiko_run.http.client.httpx_transport import HttpxTransport

    return HttpxTransport(timeout, limits)


class HttpTransport:
    """Carries requests to all upstreams, each origin's in the quickest sound way.

    That is our own client, with connections of its own for each origin. httpx
    carries what is unusual: where the environment names a proxy, or the URL
    holds credentials or a host beyond ASCII.

    The connections belong to one event loop; in another there are new ones.

    Args:
        timeout: How many seconds a call may take whose request says nothing else; see ``OutgoingRequest``.
        limits: The most connections.
    """

    __slots__ = (
        "_carriers",
        "_connections",
        "_is_proxied",
        "_limits",
        "_loop",
        "_own",
        "_timeout",
        "_unusual",
    )

    def __init__(self, timeout: float = DEFAULT_SECONDS, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._timeout = timeout
        self._is_proxied = environment_proxies()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._own: ConnectionRegistry | None = None
        self._connections: ConnectionRegistry
        self._carriers: Carriers = {}
        self._unusual: Transport | None = None

    def send(self, request: OutgoingRequest) -> Coroutine[Any, Any, UpstreamResponse]:
        """Send a request; see ``Transport.send``."""
        if request.timeout is None:
            request = request.copy(timeout=self._timeout)
        return self._carrier(request).send(request)

    async def aclose(self) -> None:
        """Close every connection, but for those that other transports share."""
        loop, self._loop = self._loop, None
        own, self._own = self._own, None
        unusual, self._unusual = self._unusual, None
        self._carriers = {}
        if own is not None and loop is asyncio.get_running_loop():
            await own.aclose()
        if unusual is not None:
            await unusual.aclose()

    def _carrier(self, request: OutgoingRequest) -> OriginTransport | Transport:
        if self._loop is not asyncio.get_running_loop():
            self._begin()
        prefix = prefix_of(request.url)
        return self._carriers.get((prefix, request.tls)) or self._choose(prefix, request.tls)

    def _begin(self) -> None:
        """Begin anew in the running loop: what belongs to another is of no use, and its connections are gone."""
        self._loop = asyncio.get_running_loop()
        shared = shared_by(self._loop)
        self._connections = shared or ConnectionRegistry(self._limits)
        self._own = None if shared else self._connections
        self._carriers = self._connections.carriers

    def _choose(self, prefix: str, tls: ssl.SSLContext | None) -> OriginTransport | Transport:
        origin = parse_origin(prefix)
        if origin is not None and not self._is_proxied(origin):
            return self._usual(origin, prefix, tls)
        if self._unusual is None:
            from naftiko_run.http.client.httpx_transport import HttpxTransport

            self._unusual = HttpxTransport(self._timeout, self._limits)
        return self._unusual

    def _usual(self, origin: Origin, prefix: str, tls: ssl.SSLContext | None) -> OriginTransport:
        """Return our own client for an origin."""
        from naftiko_run.http.client.origin_transport import OriginTransport

        if len(self._carriers) >= _MAX_ORIGINS:
            for key in [key for key, each in self._carriers.items() if each.is_unused]:
                del self._carriers[key]
        carrier = OriginTransport(origin, len(prefix), self._connections.pool(origin, tls))
        self._carriers[prefix, tls] = carrier
        return carrier
