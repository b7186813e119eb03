"""The client of an authorization server: discovery (RFC 8414, OpenID Connect), and its public keys (RFC 7517)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import AllowedPublicKeys

from naftiko_run import _json
from naftiko_run.expose.problems import Problem
from naftiko_run.version import USER_AGENT

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


TIMEOUT: Final = 5.0
"""The timeout for each read of a response, in seconds."""

MAX_RESPONSE: Final = 4 * 1024 * 1024
"""The maximum response size in bytes, many times that of a key set or metadata."""


class AuthorizationServerError(Exception):
    """Raised when the authorization server cannot be used; the message gives the reason to the operator."""


class AuthorizationServer:
    """One authorization server, with its own HTTP client; redirects are not followed.

    Args:
        issuer: Its URI, which must be the issuer in its metadata.
    """

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._client: httpx.AsyncClient | None = None

    async def aclose(self) -> None:
        """Close every connection."""
        if self._client is not None:
            await self._client.aclose()

    async def endpoint(self, name: str) -> str:
        """Return a URL from the metadata of the server, such as ``jwks_uri``.

        Raises:
            AuthorizationServerError: The metadata cannot be fetched or lack the name.
        """
        reasons = []
        for url in _metadata_urls(self.issuer):
            try:
                metadata = await self.request("GET", url)
            except AuthorizationServerError as fault:
                reasons.append(str(fault))
                continue
            if str(metadata.get("issuer", "")).rstrip("/") != self.issuer.rstrip("/"):
                reasons.append(f"{url} is the metadata of another issuer")
            elif not isinstance(metadata.get(name), str):
                reasons.append(f"{url} has no `{name}`")
            else:
                return str(metadata[name])
        raise AuthorizationServerError("; ".join(reasons))

    async def request(self, method: str, url: str, **options: Any) -> Mapping[str, Any]:
        """Send a request, and return the JSON object in the response.

        Raises:
            AuthorizationServerError: There is no response, or it is not a JSON object.
        """
        if self._client is None:  # created on first use, because that is slow
            headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
            self._client = httpx.AsyncClient(timeout=TIMEOUT, headers=headers)
        try:
            async with self._client.stream(method, url, **options) as response:
                content = await _content(url, response)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as fault:
            raise AuthorizationServerError(f"{url}: {type(fault).__name__}") from None
        if response.status_code != httpx.codes.OK:
            raise AuthorizationServerError(f"{url} returned {response.status_code}")
        try:
            value = _json.loads(content)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise AuthorizationServerError(f"{url} did not return a JSON object")
        return value


async def _content(url: str, response: httpx.Response) -> bytes:
    """Read the body of a response.

    Raises:
        AuthorizationServerError: It is too large, or compressed although that was not accepted.
    """
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise AuthorizationServerError(f"{url} returned a content coding that was not accepted")
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > MAX_RESPONSE:
            raise AuthorizationServerError(f"{url} returned more than {MAX_RESPONSE:,} bytes")
    return bytes(content)


def unavailable_problem(issuer: str, fault: AuthorizationServerError, retry_after: int) -> Problem:
    """Return the problem for a caller whose token cannot be checked, and log the reason."""
    _log.warning("tokens of %s cannot be checked: %s", issuer, fault)
    return Problem(
        503,
        "authorization-server-unreachable",
        "The token cannot be checked: the authorization server is unavailable",
        headers=(("retry-after", str(retry_after)),),
    )


def _metadata_urls(issuer: str) -> list[str]:
    """Return the possible metadata URLs of an issuer, the most likely first."""
    parts = urlsplit(issuer)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    oauth, openid = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
    found = [origin + oauth + path, origin + path + openid, origin + openid + path, origin + path + oauth]
    return list(dict.fromkeys(found))
