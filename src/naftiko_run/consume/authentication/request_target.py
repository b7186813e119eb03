"""The URL, Host header and target of a request as sent, for schemes that sign them."""

from __future__ import annotations

import httpx

from naftiko_run.errors import UpstreamUnreachable
from naftiko_run.http.messages import OutgoingRequest


def parsed_url(request: OutgoingRequest) -> httpx.URL:
    """Return the URL of a request as the transport sends it, percent-encoded.

    Raises:
        UpstreamUnreachable: The URL is invalid.
    """
    try:
        return httpx.URL(request.url)
    except httpx.InvalidURL:
        raise UpstreamUnreachable(
            f"{request.operation}: the request was not sent: its URL is invalid"
        ) from None


def host_header(url: httpx.URL) -> str:
    """Return the Host header for a URL, with the port only if it is not the default."""
    return url.netloc.decode("ascii")


def request_target(url: httpx.URL) -> str:
    """Return the path and query of a URL."""
    return url.raw_path.decode("ascii")
