"""``oauth2``: the client credentials grant of RFC 6749, with discovery (RFC 8414, OpenID Connect) and cached tokens."""

from __future__ import annotations

import asyncio
import re
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

from naftiko_run import _json
from naftiko_run.consume.authentication.bearer import bearer_credentials
from naftiko_run.consume.authentication.scheme import (
    AuthenticationBlock,
    AuthenticationScheme,
    masked_credentials,
)
from naftiko_run.errors import UpstreamUnreachable
from naftiko_run.http.messages import OutgoingRequest, Send, UpstreamResponse
from naftiko_run.version import USER_AGENT

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


BASIC: Final = "client_secret_basic"
POST: Final = "client_secret_post"
_CODES: Final = (
    *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"),
    *("invalid_scope", "invalid_target", "access_denied", "server_error", "temporarily_unavailable"),
)
"""The error codes of OAuth 2.0, which may be shown; anything else in a response may contain a secret."""


def compile_scheme(block: AuthenticationBlock) -> AuthenticationScheme:
    """Compile an oauth2 block.

    The client ID and secret come from the block, or else from the variables ``<NAMESPACE>_CLIENT_ID`` and
    ``<NAMESPACE>_CLIENT_SECRET``, because the specification has no fields for them. A block without a token and without
    a token endpoint or issuer uses the variable ``<NAMESPACE>_ACCESS_TOKEN``.

    Raises:
        ValueError: The grant or the client authentication method is not supported, or a setting is invalid.
    """
    settings = block.settings
    grant = str(settings.get("grantType") or "client_credentials").casefold().replace("-", "_")
    if grant not in ("client_credentials", "clientcredentials"):
        raise ValueError(f"the grant `{settings['grantType']}` is not supported; `client_credentials` is")
    if block.is_masked:
        return masked_credentials("Bearer")
    if settings.get("token"):
        return bearer_credentials(block.required("token"))
    endpoint, issuer = block.value("tokenEndpoint"), block.value("authorizationServerUri")
    if not (settings.get("tokenEndpoint") or settings.get("authorizationServerUri")):
        if settings.get("clientId") or settings.get("clientSecret"):
            raise ValueError("oauth2 authentication needs a `tokenEndpoint`, or an `authorizationServerUri`")
        return bearer_credentials(_from_environment(block, "ACCESS_TOKEN"))
    for uri in (endpoint, issuer):
        if uri and urlsplit(uri).scheme not in ("http", "https"):
            raise ValueError("`tokenEndpoint` and `authorizationServerUri` must be http or https URLs")
    method = block.value("tokenEndpointAuthMethod")
    if method not in ("", BASIC, POST):
        raise ValueError(f"`tokenEndpointAuthMethod` must be `{BASIC}` or `{POST}`")
    form_fields = {
        "scope": " ".join(block.text(scope) for scope in settings.get("scopes") or ()),
        "audience": block.value("audience"),
        "resource": block.value("resource"),
    }
    return ClientCredentials(
        block.namespace,
        endpoint,
        issuer,
        block.value("clientId") or _from_environment(block, "CLIENT_ID"),
        block.value("clientSecret") or _from_environment(block, "CLIENT_SECRET"),
        method,
        {name: value for name, value in form_fields.items() if value},
        block.send,
        block.timeout,
    )


def _from_environment(block: AuthenticationBlock, suffix: str) -> str:
    name = re.sub(r"[^A-Z0-9]+", "_", block.namespace.upper()).strip("_")
    return block.text(f"{{{{{name}_{suffix}}}}}")


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Send an access token that the authorization server issues for the client credentials.

    Attributes:
        namespace: The namespace whose operations it authenticates.
        endpoint: The token endpoint URL; empty if it is in the metadata of the issuer.
        issuer: The authorization server; empty if the endpoint is set.
        client_id: The client ID.
        client_secret: The client secret.
        method: The client authentication method; empty for the one in the metadata, or else Basic.
        form_fields: More fields of the token request: scope, audience, resource.
        send: Sends requests for tokens.
        timeout: The timeout for getting a token, in seconds.
        tokens: Caches the token.
    """

    namespace: str
    endpoint: str
    issuer: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    method: str
    form_fields: Mapping[str, str]
    send: Send = field(repr=False)
    timeout: float
    tokens: TokenCache = field(default_factory=TokenCache, repr=False)

    async def authorize(self, request: OutgoingRequest, send: Send) -> UpstreamResponse:
        """Send the request with a token; if the upstream rejects the token, retry once with a new one."""
        if request.has("authorization"):
            return await send(request)
        token = await self.tokens.get(self._fetch)
        response = await bearer_credentials(token.value).authorize(request, send)
        if response.status != 401:
            return response
        self.tokens.invalidate(token)
        if not request.is_repeatable:
            return response
        await response.aclose()
        token = await self.tokens.get(self._fetch)
        return await bearer_credentials(token.value).authorize(request, send)

    async def _fetch(self) -> Token:
        endpoint, method = self.endpoint, self.method
        deadline = asyncio.get_running_loop().time() + self.timeout
        if not endpoint:
            endpoint, methods = await self._discover(deadline)
            method = method or (POST if POST in methods and BASIC not in methods else BASIC)
        form = {"grant_type": "client_credentials", **self.form_fields}
        headers = [("Content-Type", "application/x-www-form-urlencoded")]
        if method == POST:
            form |= {"client_id": self.client_id, "client_secret": self.client_secret}
        else:
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
            headers.append(("Authorization", f"Basic {b64encode(pair.encode()).decode()}"))
        body = urlencode(form).encode()
        response = await self.send(self._request("POST", endpoint, headers, deadline, body))
        content = _object(response)
        value = content.get("access_token")
        if response.status != 200 or not isinstance(value, str) or not value:
            raise self._failure(endpoint, response, content)
        if str(content.get("token_type") or "bearer").casefold() != "bearer":
            raise self._failure(endpoint, response, {}, "a token that is not a bearer token")
        return Token(value, _seconds(content.get("expires_in")))

    async def _discover(self, deadline: float) -> tuple[str, Sequence[str]]:
        """Fetch the token endpoint and its client authentication methods from the metadata of the issuer.

        The metadata are fetched again for each token, because they may change during its lifetime.
        """
        for address in _metadata_urls(self.issuer):
            response = await self.send(self._request("GET", address, [], deadline))
            content = _object(response)
            endpoint = content.get("token_endpoint")
            if response.status != 200 or not isinstance(endpoint, str):
                continue
            if str(content.get("issuer")).rstrip("/") != self.issuer.rstrip("/"):
                raise self._failure(
                    address, response, {}, "metadata of an issuer other than `authorizationServerUri`"
                )
            if urlsplit(endpoint).scheme not in ("https", urlsplit(self.issuer).scheme):
                raise self._failure(address, response, {}, "a token endpoint that does not use https")
            methods = content.get("token_endpoint_auth_methods_supported")
            return endpoint, methods if isinstance(methods, list) else [BASIC]
        raise UpstreamUnreachable(
            f"{self.namespace} could not get an access token: {_host(self.issuer)} publishes no token endpoint",
            hint="set the `tokenEndpoint` of the authorization server",
        )

    def _request(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        deadline: float,
        body: bytes | None = None,
    ) -> OutgoingRequest:
        fixed = [("User-Agent", USER_AGENT), ("Accept", "application/json")]
        name = f"{self.namespace} (access token)"
        return OutgoingRequest(name, method, url, (*fixed, *headers), body, deadline=deadline)

    def _failure(
        self, address: str, response: UpstreamResponse, content: Mapping[str, Any], how: str = ""
    ) -> UpstreamUnreachable:
        code = next((each for each in _CODES if each == content.get("error")), "")
        how = how or (f"{response.status} ({code})" if code else str(response.status))
        return UpstreamUnreachable(
            f"{self.namespace} could not get an access token: {_host(address)} returned {how}",
            hint="check the client ID and secret" if code == "invalid_client" else "",
        )


def _metadata_urls(issuer: str) -> list[str]:
    """Return the possible metadata URLs of an issuer: RFC 8414 §3, OpenID Connect, then the form of older servers."""
    parts = urlsplit(issuer.rstrip("/"))
    origin = f"{parts.scheme}://{parts.netloc}"
    found = [
        f"{origin}/.well-known/oauth-authorization-server{parts.path}",
        f"{origin}{parts.path}/.well-known/openid-configuration",
        f"{origin}{parts.path}/.well-known/oauth-authorization-server",
    ]
    return list(dict.fromkeys(found))


def _object(response: UpstreamResponse) -> Mapping[str, Any]:
    try:
        value = _json.loads(response.body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _seconds(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]
