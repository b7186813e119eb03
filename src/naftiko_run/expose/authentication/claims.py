"""What tokens say of themselves, and what they must say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class InvalidToken(Exception):
    """A token that opens nothing here; the message says why, in words that may be told."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say.

    Attributes:
        issuer: Who gave it.
        audience: For whom it must be.
        is_audience_asked: Whether the document names the audience itself.
    """

    issuer: str
    audience: str
    is_audience_asked: bool

    @property
    def issuers(self) -> list[str]:
        """The spellings of the issuer: with and without a slash at its end."""
        return _spellings(self.issuer)

    @property
    def audiences(self) -> list[str]:
        """The spellings of the audience: with and without a slash at its end."""
        return _spellings(self.audience)


def scopes_of(claims: Mapping[str, Any]) -> set[str]:
    """Give the scopes of a token, from ``scope`` (RFC 8693) and ``scp``, as text or as a list."""
    found: set[str] = set()
    for name in ("scope", "scp"):
        value = claims.get(name)
        if isinstance(value, str):
            found.update(value.split())
        elif isinstance(value, list):
            found.update(each for each in value if isinstance(each, str))
    return found


def _spellings(uri: str) -> list[str]:
    bare = uri.rstrip("/")
    return [bare, f"{bare}/"]
