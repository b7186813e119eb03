"""Requests as they go over the wire: what schemes that sign them must agree on with the upstream."""

from __future__ import annotations

import httpx

from naftiko_run.errors import UpstreamUnreachable
from naftiko_run.http.messages import OutgoingRequest


def parsed_url(request: OutgoingRequest) -> httpx.URL:
    """Give a request's URL as the transport writes it, all of it percent-encoded.

    Raises:
        UpstreamUnreachable: It is none.
    """
    try:
        return httpx.URL(request.url)
    except httpx.InvalidURL:
        raise UpstreamUnreachable(f"{request.operation}: the request was not sent, its URL is none") from None


def host_header(url: httpx.URL) -> str:
    """Give the Host header of a URL: with its port only where that is not the scheme's own."""
    return url.netloc.decode("ascii")


def request_target(url: httpx.URL) -> str:
    """Give the path and query of a URL."""
    return url.raw_path.decode("ascii")
