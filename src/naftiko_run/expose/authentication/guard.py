"""The interface of inbound authentication schemes: each compiles a block into a guard."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final

from naftiko_run.expose.body import header
from naftiko_run.expose.exposer import Scope

Check = Callable[[Scope], Awaitable[None]]

_BARE: Final = ("algorithm", "stale")
"""Parameters of challenges that old clients accept only without quotes (RFC 7616, 3.3)."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Check every request to an adapter before its body is read.

    A scheme is a callable that returns a guard for a ``GuardSettings``. It is an entry point in the group
    ``naftiko_run.guards``, named for the ``type`` of its blocks, and raises ``ValueError`` for an invalid block.

    Attributes:
        check: Returns for an authenticated request, and raises ``Refused`` for any other. Removes credentials from
            the query.
        metadata: Protected resource metadata (RFC 9728) with at least ``resource``, readable without authentication;
            None if the scheme has none.
        running: A context that is entered while the adapter is served; None if the scheme needs none.
    """

    check: Check
    metadata: Mapping[str, Any] | None = None
    running: Callable[[], AbstractAsyncContextManager[None]] | None = None


class Challenge:
    """A challenge: the value of a ``WWW-Authenticate`` header (RFC 9110, 11.6.1).

    Args:
        scheme: The name of the scheme.
        parameters: Its parameters; empty ones are omitted.
    """

    __slots__ = ("parameters", "scheme")

    def __init__(self, scheme: str, **parameters: str) -> None:
        self.scheme = scheme
        self.parameters = {name: value for name, value in parameters.items() if value}

    def __str__(self) -> str:
        return f"{self.scheme} " + ", ".join(
            f"{name}={value}" if name in _BARE else f"{name}={_quoted(value)}"
            for name, value in self.parameters.items()
        )


class Refused(Exception):
    """Raised for a request that is not authenticated or not authorized.

    Args:
        detail: The reason, for the caller; never contains anything that it sent.
        challenges: The challenges of the response, the preferred one first.
        status: 401, 403 for an authenticated caller without permission, or 400.
    """

    def __init__(self, detail: str, *challenges: Challenge, status: int = 401) -> None:
        super().__init__(detail)
        self.detail = detail
        self.challenges = challenges
        self.status = status


def credentials(scope: Scope, scheme: str) -> str | None:
    """Return the credentials in a request's ``Authorization`` header; None if it is missing or of another scheme.

    Several ``Authorization`` headers are ambiguous, so they count as missing.
    """
    if count_headers(scope, b"authorization") != 1:
        return None
    name, _, rest = header(scope, b"authorization").strip().partition(" ")
    return rest.strip() if name.casefold() == scheme else None


def count_headers(scope: Scope, name: bytes) -> int:
    """Return how many headers with a name a request has."""
    return sum(each == name for each, _ in scope["headers"])


def is_same(given: str, expected: str) -> bool:
    """Whether two texts are equal, compared in constant time."""
    return hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass")
    )


def printable_ascii(text: str) -> str:
    """Return a text in printable ASCII, which all clients decode alike in a header."""
    return "".join(char if " " <= char <= "~" else "?" for char in text)


def _quoted(value: str) -> str:
    escaped = printable_ascii(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
