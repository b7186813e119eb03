"""Access tokens: fetched when first needed, renewed before they end, by one request at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

EARLY_SECONDS: Final = 60.0
"""How long before its end a token is renewed; a short-lived one, when a tenth of its life is left."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token.

    Attributes:
        value: What is sent.
        lifetime: For how many seconds from when it was asked for; None where its issuer does not say.
    """

    value: str = field(repr=False)
    lifetime: float | None = None


Fetch = Callable[[], Awaitable[Token]]
"""Asks the issuer for a token."""


class TokenCache:
    """The one token that all requests of a namespace use.

    Args:
        clock: Gives seconds that only ever grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._token: Token | None = None
        self._asked_at = 0.0
        self._renewal: asyncio.Task[Token] | None = None

    async def get(self, fetch: Fetch) -> Token:
        """Give a token that is not over.

        One that ends soon is still given, and renewed meanwhile. However many
        callers need a new one, one of them asks for it; a failure is the failure
        of all who waited, and a caller who goes away takes nothing from the others.

        Raises:
            InvocationError: What ``fetch`` raised.
        """
        left = self._seconds_left()
        if self._token is None or left <= 0:
            return await asyncio.shield(self._renewing(fetch))
        if left <= min(EARLY_SECONDS, (self._token.lifetime or 0) / 10):
            self._renewing(fetch)
        return self._token

    def refuse(self, token: Token) -> None:
        """Forget a token that the upstream does not take."""
        if self._token is token:
            self._token = None

    def _seconds_left(self) -> float:
        if self._token is None or self._token.lifetime is None:
            return float("inf")
        return self._asked_at + self._token.lifetime - self._clock()

    def _renewing(self, fetch: Fetch) -> asyncio.Task[Token]:
        renewal = self._renewal
        if renewal is None or renewal.done() or renewal.get_loop() is not asyncio.get_running_loop():
            renewal = self._renewal = asyncio.get_running_loop().create_task(self._renew(fetch))
            renewal.add_done_callback(_note_failure)
        return renewal

    async def _renew(self, fetch: Fetch) -> Token:
        asked_at = self._clock()
        token = await fetch()
        self._token, self._asked_at = token, asked_at
        return token


def _note_failure(renewal: asyncio.Task[Token]) -> None:
    """Look at how a renewal ended: nobody may have waited for it, and the next request tries again."""
    if not renewal.cancelled():
        renewal.exception()
