"""Validate access tokens: signed JWTs (RFC 7519, 8725, 9068), introspection (RFC 7662) with a short-lived cache, claims."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

import jwt

from naftiko_run._json import dumps_with_max_depth
from naftiko_run.expose.authentication.authorization_server import (
    ALGORITHMS,
    AuthorizationServer,
    AuthorizationServerError,
    KeySet,
    unavailable_problem,
)


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


LEEWAY: Final = 30
"""Allowed clock skew in seconds."""

_MAX_LEVELS: Final = 100
"""The maximum nesting of a header; real ones have two or three levels."""

_TYPES: Final = ("", "jwt", "at+jwt", "application/at+jwt")
"""The ``typ`` values of access tokens; the same key may sign other tokens, such as logout tokens."""

_REASONS: Final[tuple[tuple[type[jwt.PyJWTError], str], ...]] = (
    (jwt.ExpiredSignatureError, "The token has expired"),
    (jwt.ImmatureSignatureError, "The token is not valid yet"),
    (jwt.InvalidAudienceError, "The token is for another audience"),
    (jwt.InvalidIssuerError, "The token is from another issuer"),
    (jwt.MissingRequiredClaimError, "The token lacks one of exp, iss and aud"),
    (jwt.InvalidSignatureError, "The signature is wrong"),
)


class JwtValidator:
    """Validate signed JWTs.

    Args:
        keys: The keys of the authorization server.
        expected: The required claims.
    """

    def __init__(self, keys: KeySet, expected: ExpectedClaims) -> None:
        self._keys = keys
        self._expected = expected

    async def claims(self, token: str) -> Mapping[str, Any]:
        """Return the claims of a token; see ``TokenValidator``."""
        try:
            header = jwt.get_unverified_header(token)
            is_deep = (
                dumps_with_max_depth(header, _MAX_LEVELS) is None
            )  # Python's own limit differs by version
        except (jwt.PyJWTError, ValueError, RecursionError):
            is_deep = True
        if is_deep:
            raise InvalidToken("The token is not a signed JWT")
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise InvalidToken("The token's algorithm is not accepted")
        if str(header.get("typ") or "").lower() not in _TYPES:
            raise InvalidToken("The token is not an access token")
        keys = await self._keys.find(header.get("kid"), algorithm)
        if not keys:
            raise InvalidToken("The token is signed with an unknown key")
        reason = ""
        for key in keys:
            try:
                return self._verified(token, key.public, algorithm)
            except (jwt.PyJWTError, ValueError, RecursionError) as fault:
                reason = next(
                    (text for kind, text in _REASONS if isinstance(fault, kind)), "The token is malformed"
                )
                if not isinstance(fault, jwt.InvalidSignatureError):
                    break
        raise InvalidToken(reason)

    def _verified(self, token: str, key: Any, algorithm: str) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=self._expected.issuers,
            audience=self._expected.audiences,
            leeway=LEEWAY,
            options={"require": ["exp", "iss", "aud"]},
        )
        return claims


CACHE_TTL: Final = 10.0
"""Seconds for which a response is cached; a revoked token stays valid for that long."""

_MAX_CACHED: Final = 1024
_RETRY_AFTER: Final = 5


class IntrospectionValidator:
    """Validate tokens by introspection.

    Args:
        server: The authorization server.
        client: The client ID and secret for introspection; None to send no credentials.
        expected: The required claims.
    """

    def __init__(
        self, server: AuthorizationServer, client: tuple[str, str] | None, expected: ExpectedClaims
    ) -> None:
        self._server = server
        self._credentials = client and (quote_plus(client[0]), quote_plus(client[1]))
        self._expected = expected
        self._endpoint = ""
        self._cache: OrderedDict[bytes, tuple[float, Mapping[str, Any]]] = OrderedDict()

    async def claims(self, token: str) -> Mapping[str, Any]:
        """Return the claims of a token; see ``TokenValidator``."""
        key = hashlib.sha256(token.encode()).digest()
        until, claims = self._cache.get(key, (0.0, {}))
        if time.monotonic() >= until:
            try:
                claims = await self._introspect(token)
            except AuthorizationServerError as fault:
                raise unavailable_problem(self._server.issuer, fault, _RETRY_AFTER) from None
            self._cache[key] = (time.monotonic() + CACHE_TTL, claims)
            self._cache.move_to_end(key)
            if len(self._cache) > _MAX_CACHED:
                self._cache.popitem(last=False)
        self._check(claims)
        return claims

    async def _introspect(self, token: str) -> Mapping[str, Any]:
        if not self._endpoint:
            self._endpoint = await self._server.endpoint("introspection_endpoint")
        return await self._server.request(
            "POST",
            self._endpoint,
            data={"token": token, "token_type_hint": "access_token"},
            auth=self._credentials,
        )

    def _check(self, claims: Mapping[str, Any]) -> None:
        if claims.get("active") is not True:
            raise InvalidToken("The token is not active")
        expires = claims.get("exp")
        if isinstance(expires, int | float) and expires <= time.time():
            raise InvalidToken("The token has expired")
        if claims.get("iss", self._expected.issuer) not in self._expected.issuers:
            raise InvalidToken("The token is from another issuer")
        audiences = claims.get("aud")
        if isinstance(audiences, str):
            audiences = [audiences]
        if not isinstance(audiences, list) or not any(each in self._expected.audiences for each in audiences):
            raise InvalidToken("The token is for another audience")
