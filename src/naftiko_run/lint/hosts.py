"""Host names: whether they are examples or public."""

from __future__ import annotations

import re
from typing import Final

_AUTHORITY = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//([^/?#]*)")
_EXAMPLES: Final = ("example.com", "example.org", "example.net", "example")
_PRIVATE: Final = frozenset(
    {"arpa", "corp", "example", "home", "internal", "intranet", "invalid", "lan", "local", "localhost"}
    | {"onion", "private", "svc", "test", "ziti"}
)
"""Top-level domains that are not in the public DNS."""


def host_of(uri: str) -> str:
    """Return the host of a URI, in lower case; empty where it has none, or a template."""
    found = _AUTHORITY.match(uri)
    if not found or "{" in found.group(1):
        return ""
    authority = found.group(1).rpartition("@")[2].casefold()
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    return authority.partition(":")[0]


def is_example(host: str) -> bool:
    """Whether a name is reserved for examples (RFC 2606)."""
    host = host.casefold().rstrip(".")
    return any(host == each or host.endswith(f".{each}") for each in _EXAMPLES)


def is_public(host: str) -> bool:
    """Whether a name is in the public DNS: its top-level domain is not a reserved one."""
    top = host.rstrip(".").rpartition(".")
    return bool(top[0]) and top[2].isalpha() and top[2].casefold() not in _PRIVATE
