"""Validate tokens by introspection at the authorization server (RFC 7662), with a short-lived cache."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote_plus

from naftiko_run.expose.authentication.authorization_server import (
    AuthorizationServer,
    AuthorizationServerError,
    unavailable_problem,
)
from naftiko_run.expose.authentication.claims import ExpectedClaims, InvalidToken

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
