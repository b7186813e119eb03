"""Claims and scopes of tokens, and the claims that are required."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


class InvalidToken(Exception):
    """Raised for a token that is not valid here; the message may be shown to the caller."""


@dataclass(frozen=True, slots=True)
class ExpectedClaims:
    """The required claims of a token.

    Attributes:
        issuer: The required issuer.
        audience: The required audience.
    """

    issuer: str
    audience: str

    @property
    def issuers(self) -> list[str]:
        """The accepted spellings of the issuer: with and without a trailing slash."""
        return _spellings(self.issuer)

    @property
    def audiences(self) -> list[str]:
        """The accepted spellings of the audience: as written and normalized, with and without a trailing slash."""
        return _spellings(self.audience)


def scopes_of(claims: Mapping[str, Any]) -> set[str]:
    """Return the scopes of a token from ``scope`` (RFC 8693) and ``scp``, as text or as a list."""
    found: set[str] = set()
    for name in ("scope", "scp"):
        value = claims.get(name)
        if isinstance(value, str):
            found.update(value.split())
        elif isinstance(value, list):
            found.update(each for each in value if isinstance(each, str))
    return found


def with_implied(scopes: set[str], implied: Mapping[str, frozenset[str]]) -> set[str]:
    """Return scopes with all scopes that they imply, transitively.

    Args:
        scopes: The scopes of a token.
        implied: The scopes that each scope implies.
    """
    found, added = set(scopes), set(scopes)
    while added:
        added = {each for scope in added for each in implied.get(scope, ())} - found
        found |= added
    return found


def _spellings(uri: str) -> list[str]:
    bare = uri.rstrip("/")
    parts = urlsplit(bare)
    normalized = parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower()).geturl()
    return list(dict.fromkeys((bare, f"{bare}/", normalized, f"{normalized}/")))
