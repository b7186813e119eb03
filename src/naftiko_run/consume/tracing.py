"""A span for each request to an upstream, and the trace context that it carries."""

from __future__ import annotations

import logging
import re
from collections.abc import Coroutine
from functools import lru_cache
from typing import Any, Final

from naftiko_run.consume.masking import Mask
from naftiko_run.errors import InvocationError
from naftiko_run.http.messages import OutgoingRequest, Transport, UpstreamResponse
from naftiko_run.secret import MASK
from naftiko_run.telemetry import Attribute, Span, current_span, in_span, trace_headers
from naftiko_run.urls import strip_credentials

_log = logging.getLogger(__name__)

_METHODS: Final = frozenset(
    ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY")
)
"""Methods with spans of their own; callers of a ``forward`` can choose any other one."""
_TRACE_HEADERS: Final = frozenset(("traceparent", "tracestate"))
_SENSITIVE: Final = re.compile(
    r"(?<=[?&])([^=&]*(?:token|secret|passw|passphrase|api-?_?key|access-?_?key|authorization|credential|signature)[^=&]*"
    r"|auth|key|pwd|pass|sig|code|jwt)=[^&#]+",
    re.IGNORECASE,
)
"""Query parameters whose values are masked by their names: callers' inputs can be credentials too."""
_MAX_URL: Final = 1024
_AFTER_SCHEME: Final = len("https://")


def shown_url(url: str, mask: Mask | None) -> str:
    """Return the URL of a request for spans and logs, with secrets masked.

    Args:
        url: The URL, which may contain credentials.
        mask: Masks the known secrets of the operation; None if there are none.
    """
    shown = strip_credentials(url)
    if mask is not None:
        shown = mask.text(shown)
    if "?" in shown:
        shown = _SENSITIVE.sub(lambda found: f"{found[1]}={MASK}", shown)
    return shown if len(shown) <= _MAX_URL else f"{shown[:_MAX_URL]}…"


def traced(transport: Transport, mask: Mask | None = None) -> Transport:
    """Return the transport for a request: the given one, or one that records spans if the caller is traced.

    Args:
        transport: Sends requests.
        mask: See ``shown_url``.
    """
    return transport if current_span() is None else TracedTransport(transport, mask)


class TracedTransport:
    """A transport that records a span for each request that another one sends.

    Args:
        transport: Sends the requests.
        mask: See ``shown_url``.
    """

    __slots__ = ("_mask", "_transport")

    def __init__(self, transport: Transport, mask: Mask | None = None) -> None:
        self._transport = transport
        self._mask = mask

    def send(self, request: OutgoingRequest) -> Coroutine[Any, Any, UpstreamResponse]:
        """Send a request; see ``Transport.send``."""
        method = request.method if request.method in _METHODS else "_OTHER"
        url = shown_url(request.url, self._mask)
        end = url.find("/", _AFTER_SCHEME)
        host, port = _authority(url if end < 0 else url[:end])
        attributes: dict[str, Attribute] = {
            "naftiko.operation": request.operation,
            "http.request.method": method,
            "url.full": url,
            "server.address": host,
            "server.port": port,
        }
        return in_span(f"http.client.{method}", self._send(request), attributes, "CLIENT")

    async def _send(self, request: OutgoingRequest) -> UpstreamResponse:
        started = current_span()
        assert started is not None  # set by ``in_span``
        headers = trace_headers(started)
        if headers:
            kept = [each for each in request.headers if each[0].lower() not in _TRACE_HEADERS]
            request = request.copy(headers=(*kept, *headers))
        try:
            response = await self._transport.send(request)
        except InvocationError as fault:
            started.error = type(fault).__name__
            self._log(started)
            raise
        started.attributes["http.response.status_code"] = response.status
        if response.status >= 400:
            started.error = str(response.status)
        self._log(started)
        return response

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    def _log(self, started: Span) -> None:
        """Log a request, if that is enabled."""
        if _log.isEnabledFor(logging.DEBUG):
            started.end()
            attributes = started.attributes
            method, url = attributes["http.request.method"], attributes["url.full"]
            status = attributes.get("http.response.status_code", started.error)
            milliseconds = started.duration / 1e6
            _log.debug(
                "%s %s: %s in %.1f ms",
                *(method, url, status, milliseconds),
                extra={
                    "fields": {
                        "operation": attributes["naftiko.operation"],
                        "method": method,
                        "url": url,
                        "status": status,
                        "durationMs": round(milliseconds, 3),
                    }
                },
            )


@lru_cache(maxsize=1024)
def _authority(origin: str) -> tuple[str, int]:
    """Return the host and port of ``scheme://host:port``."""
    scheme, _, authority = origin.partition("://")
    host, _, port = authority.partition("?")[0].rpartition(":")
    if not (host and port.isdecimal()):  # no port, or a part of an IPv6 address
        return authority.partition("?")[0], 443 if scheme == "https" else 80
    return host, int(port)
