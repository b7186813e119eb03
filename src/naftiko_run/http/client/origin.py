"""Origins: the scheme, host and port of an upstream, and request targets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MAX_URL_LENGTH: Final = 65_536
"""The maximum length of a URL; httpx has the same limit."""

_ORIGIN = re.compile(r"(https?)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_PORTS: Final = {"http": 80, "https": 443}
_PLAIN = re.compile(r"[!$-;=?-_a-z|~]*").fullmatch
"""Matches a target whose characters are valid in both a path and a query; others are rare."""


class UrlTooLong(Exception):
    """A URL that is longer than ``MAX_URL_LENGTH``."""


@dataclass(frozen=True, slots=True)
class Origin:
    """An upstream's scheme, host and port.

    Attributes:
        is_secure: Whether it is HTTPS.
        host: A name or an address, without brackets.
        port: The port; the scheme's default if the URL has none.
        authority: The Host header: includes the port only if it is not the scheme's default.
    """

    is_secure: bool
    host: str
    port: int
    authority: str


def prefix_of(url: str) -> str:
    """Return the part of a URL before its path. For a URL without a path, that is all of it or not an origin."""
    end = url.find("/", 8)
    return url if end < 0 else url[:end]


def parse_origin(prefix: str) -> Origin | None:
    """Parse an origin; return None if it contains credentials or non-ASCII characters, or is invalid."""
    found = _ORIGIN.fullmatch(prefix)
    if not found:
        return None
    scheme, host, digits = found.groups()
    port = int(digits) if digits else _PORTS[scheme]
    if port > 65_535:
        return None
    host = host.lower()
    authority = host if port == _PORTS[scheme] else f"{host}:{port}"
    return Origin(scheme == "https", host.strip("[]"), port, authority)


def target_of(url: str, prefix_length: int) -> str:
    """Return the path and query of a URL as httpx writes them: percent-encoded, without ``.`` and ``..``.

    Raises:
        UrlTooLong: The URL is longer than ``MAX_URL_LENGTH``.
        ValueError: The URL is invalid.
    """
    if len(url) > MAX_URL_LENGTH:
        raise UrlTooLong
    target = url[prefix_length:]
    if target and _PLAIN(target) and "/." not in target:
        return target
    import httpx

    try:
        return httpx.URL(url).raw_path.decode("ascii")
    except httpx.InvalidURL:
        raise ValueError("InvalidURL") from None
