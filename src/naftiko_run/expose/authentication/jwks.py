"""The public keys of an authorization server (RFC 7517): kept, renewed, and fetched again when it has new ones."""

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
    Unreachable,
    unavailable,
)

_log = logging.getLogger(__name__)

LIFETIME: Final = 300.0
"""Seconds after which keys are fetched anew, beside the answering of requests."""

PAUSE: Final = 30.0
"""Seconds between two fetches that unknown key ids cause: everyone can make up key ids."""

RETRY: Final = 5
"""Seconds after a fetch that failed."""

_LEAST_BITS: Final = 2048
"""The shortest RSA key that is trusted (RFC 7518, 3.3)."""

_RSA: Final[tuple[str, ...]] = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_BY_CURVE: Final[dict[str, tuple[str, ...]]] = {
    "P-256": ("ES256",),
    "P-384": ("ES384",),
    "P-521": ("ES512",),
    "Ed25519": ("EdDSA",),
    "Ed448": ("EdDSA",),
}
"""Algorithms by curve. With a key of one kind no other algorithm is ever tried."""

ALGORITHMS: Final = frozenset(_RSA).union(*_BY_CURVE.values())
"""The algorithms taken: signatures with public keys. Never ``none``, never HMAC."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that signs tokens.

    Attributes:
        id: Its ``kid``; None where it has none.
        algorithms: What it may be used with.
        public: The key.
    """

    id: str | None
    algorithms: tuple[str, ...]
    public: AllowedPublicKeys


class KeySet:
    """The keys of one server.

    While the server does not answer, the last keys that it gave stay in use.

    Args:
        server: Has them.
        lifetime: Seconds after which they are fetched anew.
    """

    def __init__(self, server: AuthorizationServer, lifetime: float = LIFETIME) -> None:
        self._server = server
        self._lifetime = lifetime
        self._keys: tuple[Key, ...] = ()
        self._fault = Unreachable("not asked yet")
        self._due = 0.0
        self._unasked_until = 0.0
        self._fetching: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[KeySet]:
        """Fetch in this event loop; stop when the context is left."""
        try:
            yield self
        finally:
            if self._fetching is not None:
                self._fetching.cancel()
                await self._fetched()

    async def find(self, key_id: str | None, algorithm: str) -> Sequence[Key]:
        """Return the keys that may have signed a token; all that suit the algorithm where it names none.

        Raises:
            Problem: 503, no key was ever had.
        """
        if time.monotonic() >= self._due:
            self._fetch()
        if not self._keys:
            await self._fetched()
            if not self._keys:
                raise unavailable(self._server.issuer, self._fault, RETRY)
        found = self._suiting(key_id, algorithm)
        if not found:
            if time.monotonic() >= self._unasked_until:
                self._unasked_until = time.monotonic() + PAUSE
                self._fetch()
            await self._fetched()
            found = self._suiting(key_id, algorithm)
        return found

    def _suiting(self, key_id: str | None, algorithm: str) -> list[Key]:
        return [
            key
            for key in self._keys
            if algorithm in key.algorithms and (key_id is None or key.id in (key_id, None))
        ]

    def _fetch(self) -> None:
        """Begin to fetch, where that is not under way."""
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._renew())

    async def _fetched(self) -> None:
        """Wait until what is under way has come."""
        if self._fetching is not None:
            await asyncio.wait([self._fetching])

    async def _renew(self) -> None:
        self._due = time.monotonic() + RETRY
        try:
            written = await self._server.ask("GET", await self._server.endpoint("jwks_uri"))
            self._keys = _usable(written)
        except Unreachable as fault:
            self._fault = fault
            if self._keys:
                _log.warning("the keys of %s stay as they are: %s", self._server.issuer, fault)
        else:
            self._due = time.monotonic() + self._lifetime


def _usable(written: Mapping[str, Any]) -> tuple[Key, ...]:
    """Return the usable keys of a key set.

    Raises:
        Unreachable: There is none.
    """
    keys = tuple(_keys(written))
    if not keys:
        raise Unreachable("its key set has no key for signatures")
    return keys


def _keys(written: Mapping[str, Any]) -> Iterator[Key]:
    """Return the keys of a key set that are for signatures; one that cannot be read is passed over."""
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
        is_weak = isinstance(key, RSAPublicKey) and key.key_size < _LEAST_BITS
        if key is not None and not is_weak:
            key_id = each.get("kid")
            yield Key(key_id if isinstance(key_id, str) else None, algorithms, key)
