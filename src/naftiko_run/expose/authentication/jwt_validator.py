"""Validate signed JWTs (RFC 7519, RFC 8725, RFC 9068)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import jwt

from naftiko_run._json import dumps_with_max_depth
from naftiko_run.expose.authentication.claims import ExpectedClaims, InvalidToken
from naftiko_run.expose.authentication.jwks import ALGORITHMS, KeySet

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
