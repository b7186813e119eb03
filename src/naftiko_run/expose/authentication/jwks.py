"""The public keys of an authorization server (RFC 7517), cached and renewed in the background."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import AllowedPublicKeys

from naftiko_run.expose.authentication.authorization_server import (
    AuthorizationServer,
    AuthorizationServerError,
    unavailable_problem,
)

_log = logging.getLogger(__name__)

LIFETIME: Final = 300.0
"""Seconds after which keys are renewed in the background."""

UNKNOWN_KEY_INTERVAL: Final = 30.0
"""Minimum seconds between two fetches for unknown key IDs, because anyone can invent key IDs."""

RETRY_AFTER: Final = 5
"""Seconds until the next fetch after a failed one."""

_MIN_BITS: Final = 2048
"""The minimum size of RSA keys (RFC 7518, 3.3)."""

_RSA: Final[tuple[str, ...]] = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_BY_CURVE: Final[dict[str, tuple[str, ...]]] = {
    "P-256": ("ES256",),
    "P-384": ("ES384",),
    "P-521": ("ES512",),
    "Ed25519": ("EdDSA",),
    "Ed448": ("EdDSA",),
}
"""Algorithms by curve. A key is only used with the algorithms of its type."""

ALGORITHMS: Final = frozenset(_RSA).union(*_BY_CURVE.values())
"""The accepted algorithms: public-key signatures only, never ``none`` and never HMAC."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key that verifies tokens.

    Attributes:
        id: Its ``kid``; None if it has none.
        algorithms: The algorithms that it may be used with.
        public: The key.
    """

    id: str | None
    algorithms: tuple[str, ...]
    public: AllowedPublicKeys


class KeySet:
    """The keys of one authorization server.

    While the server is unavailable, its last known keys stay in use.

    Args:
        server: The authorization server.
        lifetime: Seconds after which the keys are renewed.
    """

    def __init__(self, server: AuthorizationServer, lifetime: float = LIFETIME) -> None:
        self._server = server
        self._lifetime = lifetime
        self._keys: tuple[VerificationKey, ...] = ()
        self._fault = AuthorizationServerError("not fetched yet")
        self._due = 0.0
        self._next_unknown_key_fetch = 0.0
        self._fetching: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[KeySet]:
        """Fetch in this event loop, until the context is exited."""
        try:
            yield self
        finally:
            if self._fetching is not None:
                self._fetching.cancel()
                await self._fetched()

    async def find(self, key_id: str | None, algorithm: str) -> Sequence[VerificationKey]:
        """Return the keys that may have signed a token: those with its key ID, or all for the algorithm if it has none.

        Raises:
            Problem: 503, if no keys were ever fetched.
        """
        if time.monotonic() >= self._due:
            self._fetch()
        if not self._keys:
            await self._fetched()
            if not self._keys:
                raise unavailable_problem(self._server.issuer, self._fault, RETRY_AFTER)
        found = self._matching(key_id, algorithm)
        if not found:
            if time.monotonic() >= self._next_unknown_key_fetch:
                self._next_unknown_key_fetch = time.monotonic() + UNKNOWN_KEY_INTERVAL
                self._fetch()
            await self._fetched()
            found = self._matching(key_id, algorithm)
        return found

    def _matching(self, key_id: str | None, algorithm: str) -> list[VerificationKey]:
        return [
            key
            for key in self._keys
            if algorithm in key.algorithms and (key_id is None or key.id in (key_id, None))
        ]

    def _fetch(self) -> None:
        """Start a fetch unless one is in progress."""
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._renew())

    async def _fetched(self) -> None:
        """Wait for the fetch in progress."""
        if self._fetching is not None:
            await asyncio.wait([self._fetching])

    async def _renew(self) -> None:
        self._due = time.monotonic() + RETRY_AFTER
        try:
            written = await self._server.request("GET", await self._server.endpoint("jwks_uri"))
            self._keys = _usable_keys(written)
        except AuthorizationServerError as fault:
            self._fault = fault
            if self._keys:
                _log.warning(
                    "the keys of %s could not be renewed; the last known keys stay in use: %s",
                    self._server.issuer,
                    fault,
                )
        else:
            self._due = time.monotonic() + self._lifetime


def _usable_keys(written: Mapping[str, Any]) -> tuple[VerificationKey, ...]:
    """Return the usable keys of a key set.

    Raises:
        AuthorizationServerError: There are none.
    """
    keys = tuple(_keys(written))
    if not keys:
        raise AuthorizationServerError("its key set has no usable signing key")
    return keys


def _keys(written: Mapping[str, Any]) -> Iterator[VerificationKey]:
    """Yield the signing keys of a key set; invalid keys are skipped."""
    members = written.get("keys")
    for each in members if isinstance(members, list) else ():
        if not isinstance(each, dict) or each.get("use", "sig") != "sig":
            continue
        algorithms = _RSA if each.get("kty") == "RSA" else _BY_CURVE.get(str(each.get("crv")), ())
        if "alg" in each:
            algorithms = tuple(name for name in algorithms if name == each["alg"])
        public = {name: value for name, value in each.items() if name in ("kty", "crv", "n", "e", "x", "y")}
        try:
            key = jwt.PyJWK(public, algorithm=algorithms[0]).key if algorithms else None
        except (jwt.PyJWTError, UnsupportedAlgorithm, ValueError, TypeError, OverflowError):
            continue
        is_weak = isinstance(key, RSAPublicKey) and key.key_size < _MIN_BITS
        if key is not None and not is_weak:
            key_id = each.get("kid")
            yield VerificationKey(key_id if isinstance(key_id, str) else None, algorithms, key)
