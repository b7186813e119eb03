"""The seam to every inbound authentication scheme: it compiles a block into a guard."""

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
"""Parameters of challenges that old clients know only without quotes (RFC 7616, 3.3)."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Checks every request to an adapter, before anything of it is read but its head.

    A scheme is a callable that makes one of a ``GuardSettings``, named in the
    entry-point group ``naftiko_run.guards`` under the ``type`` of the blocks
    that it reads. It raises ``ValueError`` where a block cannot be used.

    Attributes:
        check: Returns for a request that may pass, and raises ``Refused`` for any
            other. Takes the credential out of the query, where it was there.
        metadata: What clients must know to get a token (RFC 9728), for everyone
            to read; holds ``resource``. None where there is nothing to know.
        running: Entered while the adapter is served; None where it needs nothing.
    """

    check: Check
    metadata: Mapping[str, Any] | None = None
    running: Callable[[], AbstractAsyncContextManager[None]] | None = None


class Challenge:
    """What a client is asked for: a ``WWW-Authenticate`` header (RFC 9110, 11.6.1).

    Args:
        scheme: The scheme's name.
        parameters: Its parameters; empty ones are left out.
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
    """A request that may not pass.

    Args:
        detail: Why, for the caller; never with anything that it sent.
        challenges: What it is asked for, the best first.
        status: 401, or 403 for a caller who is known and still may not pass.
    """

    def __init__(self, detail: str, *challenges: Challenge, status: int = 401) -> None:
        super().__init__(detail)
        self.detail = detail
        self.challenges = challenges
        self.status = status


def credentials(scope: Scope, scheme: str) -> str | None:
    """Give what a request's ``Authorization`` carries for a scheme; None where it carries nothing for it.

    Nothing is taken of several ``Authorization`` headers: whom they mean is anybody's guess.
    """
    if times(scope, b"authorization") != 1:
        return None
    given, _, rest = header(scope, b"authorization").strip().partition(" ")
    return rest.strip() if given.casefold() == scheme else None


def times(scope: Scope, name: bytes) -> int:
    """Give how many headers of a name a request has."""
    return sum(each == name for each, _ in scope["headers"])


def is_same(given: str, expected: str) -> bool:
    """Whether two texts are the same, found out in a time that does not tell where they differ."""
    return hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass")
    )


def plain(text: str) -> str:
    """Give a text in printable ASCII, all that every client reads alike in a header."""
    return "".join(char if " " <= char <= "~" else "?" for char in text)


def _quoted(value: str) -> str:
    escaped = plain(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
