"""Refusing requests that a web page makes through a name of its own (DNS rebinding), or across sites."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from naftiko_run.expose.body import headers_by_name, text_of
from naftiko_run.expose.exposer import Scope
from naftiko_run.expose.problems import Problem

_LOOPBACK_NAMES: Final = ("127.0.0.1", "localhost", "::1")
_MAX_REMEMBERED: Final = 256
"""How many hosts and origins that were found good are remembered, each of less than ``_LONG`` bytes."""
_LONG: Final = 256


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
        self._expected: dict[bytes, set[bytes | None]] = {b"host": {None}, b"origin": {None}}

    def check(self, scope: Scope) -> None:
        """Check a request.

        Raises:
            Problem: 421 for a host that is not expected, 403 for a page of another site.
        """
        if self._names is None:
            return
        told = headers_by_name(scope)
        if len(told) == len(scope["headers"]) and (
            told.get(b"host") in self._expected[b"host"] and told.get(b"origin") in self._expected[b"origin"]
        ):
            return
        for name, value in scope["headers"]:
            if name in self._expected and value not in (expected := self._expected[name]):
                self._check(name, text_of(value), self._names)
                if len(expected) < _MAX_REMEMBERED and len(value) < _LONG:
                    expected.add(value)

    def _check(self, header: bytes, value: str, names: frozenset[str]) -> None:
        name = _name(f"//{value}" if header == b"host" else value)
        if not value or name in names:
            return
        hint = f"start it with --allow-host {name or 'NAME'} if "
        if header == b"host":
            detail = f"This server does not answer for the host `{value}`"
            raise Problem(421, "unexpected-host", detail, hint=f"{hint}that is its name")
        detail = f"This server does not answer pages of `{value}`"
        raise Problem(403, "unexpected-origin", detail, hint=f"{hint}they may use it")


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _name(url: str) -> str:
    """Return the host name of a URL, without its port, in lower case."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
