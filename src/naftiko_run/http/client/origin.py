"""Where requests go: the scheme, host and port of an upstream, and what is asked of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MAX_URL_LENGTH: Final = 65_536
"""The longest URL; httpx takes no longer one either."""

_ORIGIN = re.compile(r"(https?)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_PORTS: Final = {"http": 80, "https": 443}
_PLAIN = re.compile(r"[!$-;=?-_a-z|~]*").fullmatch
"""What may stand in a path as in a query; what else may is rare."""


class UrlTooLong(Exception):
    """A URL that is longer than ``MAX_URL_LENGTH``."""


@dataclass(frozen=True, slots=True)
class Origin:
    """An upstream's scheme, host and port.

    Attributes:
        is_secure: Whether it is HTTPS.
        host: A name or an address, without brackets.
        port: The scheme's own where the URL names none.
        authority: What the Host header says: with the port only where it is not the scheme's own.
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
    """Read an origin; None where it holds credentials, characters beyond ASCII, or is none at all."""
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
        UrlTooLong: It is longer than ``MAX_URL_LENGTH``.
        ValueError: The URL is none.
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
