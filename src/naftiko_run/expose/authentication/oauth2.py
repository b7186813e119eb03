"""``oauth2``: bearer tokens of an authorization server, validated locally (JWT) or by introspection (RFC 7662)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from naftiko_run.capability.access import GuardSettings
from naftiko_run.expose.authentication.authorization_server import AuthorizationServer, KeySet
from naftiko_run.expose.authentication.guard import Challenge, Guard, Refused, count_headers, credentials
from naftiko_run.expose.authentication.token_validation import (
    ExpectedClaims,
    IntrospectionValidator,
    InvalidToken,
    JwtValidator,
    scopes_of,
    with_implied,
)
from naftiko_run.expose.exposer import Scope

_MAX_URL_LENGTH: Final = 16_384
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*\Z")


class TokenValidator(Protocol):
    """The interface of token validation."""

    async def claims(self, token: str) -> Mapping[str, Any]:
        """Validate a token and return its claims.

        Raises:
            InvalidToken: The token is not valid, or not for this server.
            Problem: The token cannot be validated now.
        """
        ...


@dataclass(frozen=True, slots=True)
class OAuth2Settings:
    """The settings of an oauth2 block.

    Attributes:
        issuer: The authorization server.
        resource: The URI of this server.
        expected: The required claims of tokens.
        scopes: The required scopes; a token must have all of them.
        implied: The scopes that each broader scope implies.
        introspects: Whether tokens are validated by introspection.
        client: The client ID and secret for introspection; None to send no credentials.
    """

    issuer: str
    resource: str
    expected: ExpectedClaims
    scopes: tuple[str, ...]
    implied: Mapping[str, frozenset[str]]
    introspects: bool
    client: tuple[str, str] | None = field(repr=False)


def compile_guard(block: GuardSettings) -> Guard:
    """Compile ``{type: oauth2, authorizationServerUri, resource, …}``."""
    settings = _parse(block)
    metadata: dict[str, Any] = {
        "resource": settings.resource,
        "authorization_servers": [settings.issuer],
        "bearer_methods_supported": ["header"],
    }
    if settings.scopes:
        metadata["scopes_supported"] = list(settings.scopes)
    guard = OAuth2Guard(settings, block.realm)
    return Guard(guard.check, metadata, guard.running)


class OAuth2Guard:
    """Check bearer tokens.

    Args:
        settings: The settings of the block.
        realm: The realm in challenges, which names the adapter.
    """

    def __init__(self, settings: OAuth2Settings, realm: str) -> None:
        self._settings = settings
        self._realm = realm
        self._tokens: TokenValidator | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep connections to the authorization server, and cache its responses."""
        async with aclosing(AuthorizationServer(self._settings.issuer)) as server:
            if self._settings.introspects:
                self._tokens = IntrospectionValidator(server, self._settings.client, self._settings.expected)
                yield
                return
            async with KeySet(server).running() as keys:
                self._tokens = JwtValidator(keys, self._settings.expected)
                yield

    async def check(self, scope: Scope) -> None:
        """Check a request.

        Raises:
            Refused: It has no valid token, or one without a required scope.
        """
        if count_headers(scope, b"authorization") > 1:
            detail = "The request has several Authorization headers"
            challenge = self._challenge(error="invalid_request", error_description=detail)
            raise Refused(detail, challenge, status=400)
        token = credentials(scope, "bearer")
        if token is None:
            raise Refused("A bearer token is required", self._challenge())
        try:
            claims = await self._claims(token)
        except InvalidToken as fault:
            detail = str(fault)
            raise Refused(detail, self._challenge(error="invalid_token", error_description=detail)) from None
        missing = set(self._settings.scopes) - with_implied(scopes_of(claims), self._settings.implied)
        if missing:
            detail = f"The token lacks the scope {', '.join(sorted(missing))}"
            challenge = self._challenge(error="insufficient_scope", error_description=detail)
            raise Refused(detail, challenge, status=403)

    async def _claims(self, token: str) -> Mapping[str, Any]:
        if len(token) > _MAX_URL_LENGTH or not _TOKEN.match(token):
            raise InvalidToken("The token is malformed")
        assert self._tokens is not None
        return await self._tokens.claims(token)

    def _challenge(self, **parameters: str) -> Challenge:
        return Challenge("Bearer", realm=self._realm, **parameters, scope=" ".join(self._settings.scopes))


def _parse(block: GuardSettings) -> OAuth2Settings:
    written = block.settings
    issuer, resource = _uri(block, "authorizationServerUri"), _uri(block, "resource")
    validation = str(written.get("tokenValidation") or "jwks")
    if validation not in ("jwks", "introspection"):
        raise ValueError("its `tokenValidation` must be `jwks` or `introspection`")
    audience = block.text("audience") if written.get("audience") else ""
    client = None
    if written.get("clientId"):
        client = block.text("clientId"), block.text("clientSecret")
    return OAuth2Settings(
        issuer,
        resource,
        ExpectedClaims(issuer, audience or resource),
        tuple(block.secret(scope).reveal() for scope in written["scopes"]),
        _implied(written.get("x-impliedScopes") or {}),
        validation == "introspection",
        client,
    )


def _uri(block: GuardSettings, key: str) -> str:
    uri = block.text(key)
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise ValueError(f"its `{key}` is not an http or https URL")
    return uri


def _implied(written: Any) -> dict[str, frozenset[str]]:
    """Parse ``x-impliedScopes``, the scopes that each broader scope implies, as lists or as text."""
    if not isinstance(written, Mapping):
        raise ValueError("its `x-impliedScopes` must be a mapping from a scope to the scopes that it implies")  # noqa: TRY004 - an error in the document
    return {str(scope): frozenset(scopes_of({"scope": others})) for scope, others in written.items()}
