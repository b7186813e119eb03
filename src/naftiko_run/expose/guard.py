"""Refusing requests that a web page makes through a name of its own (DNS rebinding), or across sites."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from naftiko_run.expose.body import header
from naftiko_run.expose.exposer import Scope
from naftiko_run.expose.problems import Problem

_LOOPBACK_NAMES: Final = ("127.0.0.1", "localhost", "::1")


class HostGuard:
    """Knows the names that a port answers for.

    A server on a loopback address is private to its machine, so only names of
    that machine are expected; one on any other address has names that it
    cannot know, and checks only where it was told some.

    Args:
        address: The address listened on.
        allowed: Names told by the operator.
    """

    def __init__(self, address: str, allowed: Sequence[str] = ()) -> None:
        is_checked = bool(allowed) or _is_loopback(address)
        self._names = frozenset({*allowed, *_LOOPBACK_NAMES, address}) if is_checked else None

    def check(self, scope: Scope) -> None:
        """Check a request.

        Raises:
            Problem: 421 for a host that is not expected, 403 for a page of another site.
        """
        if self._names is None:
            return
        host = header(scope, b"host")
        if host and _name(f"//{host}") not in self._names:
            raise Problem(
                421,
                "unexpected-host",
                f"This server does not answer for the host `{host}`",
                hint=f"start it with --allow-host {_name(f'//{host}') or 'NAME'} if that is its name",
            )
        origin = header(scope, b"origin")
        if origin and _name(origin) not in self._names:
            raise Problem(
                403,
                "unexpected-origin",
                f"This server does not answer pages of `{origin}`",
                hint=f"start it with --allow-host {_name(origin) or 'NAME'} if they may use it",
            )


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _name(url: str) -> str:
    """Give the host name of a URL, without its port, in lower case."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
