"""A small capability with authentication in front of its adapters."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from naftiko_run import Settings
from support.documents import small, written
from support.server import Served, serving
from support.upstream import Upstream
from support.wire import problem

TLS = ssl.create_default_context()
"""One for all: making one takes longer than a request on loopback."""

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "a client", "version": "1"},
    },
}


def guarded(authentication: str | Mapping[str, Any]) -> str:
    """Give a document whose route and whose tool ask for the same authentication."""
    block = authentication if isinstance(authentication, str) else json.dumps(authentication)
    line = f"authentication: {block}"
    return small("shop", rest=line, mcp=line)


@contextmanager
def serving_guarded(
    folder: Path,
    upstream: Upstream,
    authentication: str | Mapping[str, Any],
    environment: Mapping[str, str] | None = None,
) -> Iterator[Served]:
    """Serve that document, in front of an upstream."""
    settings = Settings({"shop": upstream.url}, environment=environment or {})
    with serving(written(folder, guarded(authentication)), settings=settings) as served:
        yield served


def get(url: str, **options: Any) -> httpx.Response:
    """Send a GET request."""
    return httpx.get(url, verify=TLS, **options)


def post(url: str, **options: Any) -> httpx.Response:
    """Send a POST request."""
    return httpx.post(url, verify=TLS, **options)


def bearing(token: str) -> dict[str, str]:
    """Give the header of a request with a token."""
    return {"authorization": f"Bearer {token}"}


def route(served: Served) -> str:
    """Give the URL of the one route."""
    return f"{served.url('rest')}/things"


def refused(response: httpx.Response, *challenges: str, status: int = 401) -> dict[str, Any]:
    """Give the problem document of a refused request, checked for what it is asked for instead."""
    assert response.headers.get_list("www-authenticate") == list(challenges)
    return problem(response, status)
