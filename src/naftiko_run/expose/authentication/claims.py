"""What tokens say of themselves, and what they must say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


class InvalidToken(Exception):
    """A token that opens nothing here; the message says why, in words that may be told."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say.

    Attributes:
        issuer: Who gave it.
        audience: For whom it must be.
    """

    issuer: str
    audience: str

    @property
    def issuers(self) -> list[str]:
        """The spellings of the issuer: with and without a slash at its end."""
        return _spellings(self.issuer)

    @property
    def audiences(self) -> list[str]:
        """The spellings of the audience: as written and as URIs are compared, with and without a slash at its end."""
        return _spellings(self.audience)


def scopes_of(claims: Mapping[str, Any]) -> set[str]:
    """Return the scopes of a token, from ``scope`` (RFC 8693) and ``scp``, as text or as a list."""
    found: set[str] = set()
    for name in ("scope", "scp"):
        value = claims.get(name)
        if isinstance(value, str):
            found.update(value.split())
        elif isinstance(value, list):
            found.update(each for each in value if isinstance(each, str))
    return found


def widened(scopes: set[str], implied: Mapping[str, frozenset[str]]) -> set[str]:
    """Return scopes with all that they imply, by way of others too.

    Args:
        scopes: What a token says.
        implied: What a scope implies, by scope.
    """
    found, added = set(scopes), set(scopes)
    while added:
        added = {each for scope in added for each in implied.get(scope, ())} - found
        found |= added
    return found


def _spellings(uri: str) -> list[str]:
    bare = uri.rstrip("/")
    parts = urlsplit(bare)
    usual = parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower()).geturl()
    return list(dict.fromkeys((bare, f"{bare}/", usual, f"{usual}/")))
