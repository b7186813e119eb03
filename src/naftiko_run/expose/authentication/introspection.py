"""Tokens that only their server understands: it is asked (RFC 7662), and its answer kept for a moment."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote_plus

from naftiko_run.expose.authentication.authorization_server import (
    AuthorizationServer,
    Unreachable,
    unavailable,
)
from naftiko_run.expose.authentication.claims import Expected, InvalidToken

KEPT: Final = 10.0
"""Seconds for which an answer is kept: a token that was revoked opens for so long."""

_MOST: Final = 1024
_RETRY: Final = 5


class Introspection:
    """Asks about tokens.

    Args:
        server: Knows them.
        client: Name and secret of this server there; None to ask without.
        expected: What the answers must say, as far as they do.
    """

    def __init__(
        self, server: AuthorizationServer, client: tuple[str, str] | None, expected: Expected
    ) -> None:
        self._server = server
        self._credentials = client and (quote_plus(client[0]), quote_plus(client[1]))
        self._expected = expected
        self._endpoint = ""
        self._answers: OrderedDict[bytes, tuple[float, Mapping[str, Any]]] = OrderedDict()

    async def claims(self, token: str) -> Mapping[str, Any]:
        """Return what a token says; see ``Tokens``."""
        name = hashlib.sha256(token.encode()).digest()
        until, claims = self._answers.get(name, (0.0, {}))
        if time.monotonic() >= until:
            try:
                claims = await self._ask(token)
            except Unreachable as fault:
                raise unavailable(self._server.issuer, fault, _RETRY) from None
            self._answers[name] = (time.monotonic() + KEPT, claims)
            self._answers.move_to_end(name)
            if len(self._answers) > _MOST:
                self._answers.popitem(last=False)
        self._check(claims)
        return claims

    async def _ask(self, token: str) -> Mapping[str, Any]:
        if not self._endpoint:
            self._endpoint = await self._server.endpoint("introspection_endpoint")
        return await self._server.ask(
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
