"""``oauth2``: bearer tokens of an authorization server, checked here (JWT) or asked there (RFC 7662)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from naftiko_run.capability.access import GuardSettings
from naftiko_run.expose.authentication.authorization_server import AuthorizationServer
from naftiko_run.expose.authentication.claims import Expected, InvalidToken, scopes_of, widened
from naftiko_run.expose.authentication.guard import Challenge, Guard, Refused, credentials, times
from naftiko_run.expose.authentication.introspection import Introspection
from naftiko_run.expose.authentication.jwks import KeySet
from naftiko_run.expose.authentication.jwts import JsonWebTokens
from naftiko_run.expose.exposer import Scope

_MAX_URL_LENGTH: Final = 16_384
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*\Z")


class Tokens(Protocol):
    """Knows which tokens are valid."""

    async def claims(self, token: str) -> Mapping[str, Any]:
        """Give what a token says, once that is known to be true.

        Raises:
            InvalidToken: It is not valid, or not for this server.
            Problem: That cannot be found out now.
        """
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """An oauth2 block, read.

    Attributes:
        issuer: The authorization server.
        resource: This server's own URI.
        expected: What tokens must say.
        scopes: What callers must be allowed; all of it.
        implied: What broader scopes allow besides, by scope.
        introspects: Whether the authorization server is asked about each token.
        client: Name and secret with which it is asked; None for no credentials.
    """

    issuer: str
    resource: str
    expected: Expected
    scopes: tuple[str, ...]
    implied: Mapping[str, frozenset[str]]
    introspects: bool
    client: tuple[str, str] | None = field(repr=False)


def compile_guard(block: GuardSettings) -> Guard:
    """Compile ``{type: oauth2, authorizationServerUri, resource, …}``."""
    settings = _read(block)
    metadata: dict[str, Any] = {
        "resource": settings.resource,
        "authorization_servers": [settings.issuer],
        "bearer_methods_supported": ["header"],
    }
    if settings.scopes:
        metadata["scopes_supported"] = list(settings.scopes)
    guard = OAuth2(settings, block.realm)
    return Guard(guard.check, metadata, guard.running)


class OAuth2:
    """Checks bearer tokens.

    Args:
        settings: The block.
        realm: Names the adapter in challenges.
    """

    def __init__(self, settings: Settings, realm: str) -> None:
        self._settings = settings
        self._realm = realm
        self._tokens: Tokens | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the connections to the authorization server, and what it said."""
        async with aclosing(AuthorizationServer(self._settings.issuer)) as server:
            if self._settings.introspects:
                self._tokens = Introspection(server, self._settings.client, self._settings.expected)
                yield
                return
            async with KeySet(server).running() as keys:
                self._tokens = JsonWebTokens(keys, self._settings.expected)
                yield

    async def check(self, scope: Scope) -> None:
        """Check a request.

        Raises:
            Refused: It has no valid token, or one that does not allow enough.
        """
        if times(scope, b"authorization") > 1:
            detail = "The request has several Authorization headers"
            challenge = self._challenge(error="invalid_request", error_description=detail)
            raise Refused(detail, challenge, status=400)
        token = credentials(scope, "bearer")
        if token is None:
            raise Refused("This needs a bearer token", self._challenge())
        try:
            claims = await self._claims(token)
        except InvalidToken as fault:
            detail = str(fault)
            raise Refused(detail, self._challenge(error="invalid_token", error_description=detail)) from None
        lacking = set(self._settings.scopes) - widened(scopes_of(claims), self._settings.implied)
        if lacking:
            detail = f"The token lacks the scope {', '.join(sorted(lacking))}"
            challenge = self._challenge(error="insufficient_scope", error_description=detail)
            raise Refused(detail, challenge, status=403)

    async def _claims(self, token: str) -> Mapping[str, Any]:
        if len(token) > _MAX_URL_LENGTH or not _TOKEN.match(token):
            raise InvalidToken("The token is malformed")
        assert self._tokens is not None
        return await self._tokens.claims(token)

    def _challenge(self, **parameters: str) -> Challenge:
        return Challenge("Bearer", realm=self._realm, **parameters, scope=" ".join(self._settings.scopes))


def _read(block: GuardSettings) -> Settings:
    written = block.settings
    issuer, resource = _uri(block, "authorizationServerUri"), _uri(block, "resource")
    validation = str(written.get("tokenValidation") or "jwks")
    if validation not in ("jwks", "introspection"):
        raise ValueError("its `tokenValidation` is neither `jwks` nor `introspection`")
    audience = block.text("audience") if written.get("audience") else ""
    client = None
    if written.get("clientId"):
        client = block.text("clientId"), block.text("clientSecret")
    return Settings(
        issuer,
        resource,
        Expected(issuer, audience or resource),
        tuple(block.secret(scope).reveal() for scope in written["scopes"]),
        _implied(written.get("x-impliedScopes") or {}),
        validation == "introspection",
        client,
    )


def _uri(block: GuardSettings, key: str) -> str:
    uri = block.text(key)
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise ValueError(f"its `{key}` is not an http or https address")
    return uri


def _implied(written: Any) -> dict[str, frozenset[str]]:
    """Read ``x-impliedScopes``, which has what broader scopes imply, as lists or as text."""
    if not isinstance(written, Mapping):
        raise ValueError("its `x-impliedScopes` does not say of scopes which others they imply")  # noqa: TRY004 - a document's fault
    return {str(scope): frozenset(scopes_of({"scope": others})) for scope, others in written.items()}
