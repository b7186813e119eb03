"""Cache an access token: fetched on first use and renewed before it expires, by one request at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

RENEWAL_MARGIN: Final = 60.0
"""How long before its expiry a token is renewed; a short-lived one, in the last tenth of its lifetime."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token.

    Attributes:
        value: The token.
        lifetime: Its lifetime in seconds from when it was requested; None if the issuer does not say.
    """

    value: str = field(repr=False)
    lifetime: float | None = None


Fetch = Callable[[], Awaitable[Token]]
"""Request a token from the issuer."""


class TokenCache:
    """The token that all requests of a namespace share.

    Args:
        clock: Returns monotonic time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._token: Token | None = None
        self._requested_at = 0.0
        self._renewal: asyncio.Task[Token] | None = None

    async def get(self, fetch: Fetch) -> Token:
        """Return a token that has not expired.

        A token that expires soon is returned and renewed in the background. Concurrent callers that need a new token
        share one request for it and its failure; cancelling one caller does not affect the others.

        Raises:
            InvocationError: Raised by ``fetch``.
        """
        left = self._seconds_left()
        if self._token is None or left <= 0:
            return await asyncio.shield(self._renewing(fetch))
        if left <= min(RENEWAL_MARGIN, (self._token.lifetime or 0) / 10):
            self._renewing(fetch)
        return self._token

    def invalidate(self, token: Token) -> None:
        """Discard a token that the upstream rejected."""
        if self._token is token:
            self._token = None

    def _seconds_left(self) -> float:
        if self._token is None or self._token.lifetime is None:
            return float("inf")
        return self._requested_at + self._token.lifetime - self._clock()

    def _renewing(self, fetch: Fetch) -> asyncio.Task[Token]:
        renewal = self._renewal
        if renewal is None or renewal.done() or renewal.get_loop() is not asyncio.get_running_loop():
            renewal = self._renewal = asyncio.get_running_loop().create_task(self._renew(fetch))
            renewal.add_done_callback(_retrieve_exception)
        return renewal

    async def _renew(self, fetch: Fetch) -> Token:
        requested_at = self._clock()
        token = await fetch()
        self._token, self._requested_at = token, requested_at
        return token


def _retrieve_exception(renewal: asyncio.Task[Token]) -> None:
    """Retrieve the exception of a renewal, in case nothing awaits it; the next request tries again."""
    if not renewal.cancelled():
        renewal.exception()
