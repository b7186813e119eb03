"""Reject requests of web pages that use DNS rebinding, or that come from another origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from naftiko_run.expose.body import headers_by_name, text_of
from naftiko_run.expose.exposer import Adapter, ASGIApp, Receive, Scope, Send
from naftiko_run.expose.problems import Problem
from naftiko_run.urls import is_loopback

_LOOPBACK_NAMES: Final = ("127.0.0.1", "localhost", "::1")
_MAX_CACHED: Final = 256
"""The maximum number of accepted header values that are cached, each shorter than ``_MAX_CACHED_LENGTH`` bytes."""
_MAX_CACHED_LENGTH: Final = 256


class HostGuard:
    """Checks the host names in the Host and Origin headers of requests to a port.

    A server on a loopback address accepts the loopback names, its address and the allowed names. The host names of a
    server on any other address are unknown, so it checks only if there are allowed names.

    Args:
        address: The listening address.
        allowed: The host names that the operator allows.
    """

    def __init__(self, address: str, allowed: Sequence[str] = ()) -> None:
        is_checked = bool(allowed) or is_loopback(address)
        self._names = frozenset({*allowed, *_LOOPBACK_NAMES, address}) if is_checked else None
        self._expected: dict[bytes, set[bytes | None]] = {b"host": {None}, b"origin": {None}}

    def check(self, scope: Scope) -> None:
        """Check a request.

        Raises:
            Problem: 421 for an unexpected host, 403 for an unexpected origin.
        """
        if self._names is None:
            return
        headers = headers_by_name(scope)
        if len(headers) == len(scope["headers"]) and (
            headers.get(b"host") in self._expected[b"host"]
            and headers.get(b"origin") in self._expected[b"origin"]
        ):
            return
        for name, value in scope["headers"]:
            if name in self._expected and value not in (expected := self._expected[name]):
                self._check(name, text_of(value), self._names)
                if len(expected) < _MAX_CACHED and len(value) < _MAX_CACHED_LENGTH:
                    expected.add(value)

    def _check(self, header: bytes, value: str, names: frozenset[str]) -> None:
        name = _host_name(f"//{value}" if header == b"host" else value)
        if not value or name in names:
            return
        hint = f"start the server with --allow-host {name or 'NAME'} "
        if header == b"host":
            detail = f"This server does not accept requests for the host `{value}`"
            raise Problem(421, "unexpected-host", detail, hint=f"{hint}if that is one of its names")
        detail = f"This server does not accept requests from pages of `{value}`"
        raise Problem(403, "unexpected-origin", detail, hint=f"{hint}to allow them")


def local_only(adapter: Adapter, allowed: Sequence[str] = ()) -> Adapter:
    """Return an adapter of a loopback address for a port that listens on all addresses: others do not find it.

    Args:
        adapter: The adapter.
        allowed: The host names that the operator allows.
    """
    guard = HostGuard(_LOOPBACK_NAMES[0], allowed)

    def restrict(app: ASGIApp) -> ASGIApp:
        async def handle(scope: Scope, receive: Receive, send: Send) -> None:
            server = scope.get("server")
            if not server or not is_loopback(server[0]):
                raise Problem(404, "unknown-path", f"No endpoint matches {scope['path']}")
            guard.check(scope)
            await app(scope, receive, send)

        return handle

    endpoints = tuple(replace(each, app=restrict(each.app)) for each in adapter.endpoints)
    return replace(adapter, endpoints=endpoints)


def _host_name(url: str) -> str:
    """Return the host name of a URL, without its port, in lower case."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
