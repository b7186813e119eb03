"""The transport to all upstreams: our own HTTP/1.1 client, or httpx for unusual requests."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit
from urllib.request import getproxies

from naftiko_run.http.client.errors import is_out_of_descriptors, out_of_descriptors
from naftiko_run.http.client.limiter import DEFAULT_LIMITS, Limits
from naftiko_run.http.client.origin import Origin, parse_origin, prefix_of
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
"""The number of origin transports above which unused ones are removed."""


def http_transport(client: Literal["naftiko", "httpx"], timeout: float, limits: Limits) -> Transport:
    """Return a transport to all upstreams.

    Args:
        client: ``naftiko`` for our own client, with httpx for unusual requests; ``httpx`` for httpx only.
        timeout: The default timeout of a call in seconds.
        limits: The connection limits.
    """
    if client == "naftiko":
        return HttpTransport(timeout, limits)
    from naftiko_run.http.client.httpx_transport import HttpxTransport

    return HttpxTransport(timeout, limits)


class HttpTransport:
    """Sends requests to all upstreams with the fastest client that supports them.

    That is our own client, with a connection pool for each origin. httpx is used if
    the environment configures a proxy, or the URL contains credentials or a
    non-ASCII host.

    Connections belong to one event loop; another loop uses new ones.

    Args:
        timeout: The default timeout of a call in seconds; see ``OutgoingRequest``.
        limits: The connection limits.
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
        try:
            carrier = self._carrier(request)
        except OSError as fault:  # from the import of a client
            if is_out_of_descriptors(fault):
                raise out_of_descriptors(request) from None
            raise
        return carrier.send(request)

    async def aclose(self) -> None:
        """Close all connections except those that are shared with other transports."""
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
        """Reset the state for the running loop: connections of another loop cannot be used."""
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


def environment_proxies() -> Callable[[Origin], bool]:
    """Return a predicate for origins with a proxy, from ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``.

    In doubtful cases it returns True: httpx, which sends such requests, then decides.
    """
    proxies = getproxies()
    exempt = [each.strip() for each in proxies.get("no", "").split(",")]
    if "*" in exempt or not any(proxies.get(each) for each in ("http", "https", "all")):
        return lambda _: False

    def is_proxied(origin: Origin) -> bool:
        scheme = "https" if origin.is_secure else "http"
        if not (proxies.get(scheme) or proxies.get("all")):
            return False
        return not any(_is_exempt(origin.host, each) for each in exempt if each)

    return is_proxied


def _is_exempt(host: str, exempt: str) -> bool:
    """Return whether a ``NO_PROXY`` entry certainly matches a host; entries with a scheme or port are left to httpx."""
    exempt = exempt.lower()
    if "://" in exempt:
        return False
    if _is_address(exempt) or exempt == "localhost":
        return host == exempt
    if urlsplit(f"//{exempt}").netloc != exempt or ":" in exempt:
        return False
    return host.endswith(exempt if exempt.startswith(".") else f".{exempt}") or host == exempt


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
