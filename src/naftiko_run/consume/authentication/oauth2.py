"""``oauth2``: the client credentials grant of RFC 6749, with discovery by RFC 8414 and OpenID Connect."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

from naftiko_run import _json
from naftiko_run.consume.authentication.bearer import bearing
from naftiko_run.consume.authentication.block import AuthenticationBlock
from naftiko_run.consume.authentication.header import masked
from naftiko_run.consume.authentication.scheme import Authentication
from naftiko_run.consume.authentication.tokens import Token, TokenCache
from naftiko_run.errors import UpstreamUnreachable
from naftiko_run.http.messages import OutgoingRequest, Send, UpstreamResponse
from naftiko_run.version import USER_AGENT

BASIC: Final = "client_secret_basic"
POST: Final = "client_secret_post"
_CODES: Final = (
    *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"),
    *("invalid_scope", "invalid_target", "access_denied", "server_error", "temporarily_unavailable"),
)
"""The error codes of OAuth, which may be shown; anything else in an answer may hold a secret."""


def compile_scheme(block: AuthenticationBlock) -> Authentication:
    """Compile an oauth2 block.

    Without a token, the client's id and secret are those of the block, or else of
    the variables ``<NAMESPACE>_CLIENT_ID`` and ``<NAMESPACE>_CLIENT_SECRET``; the
    specification has no place for them. A block that does not say where tokens
    come from takes one from ``<NAMESPACE>_ACCESS_TOKEN``.

    Raises:
        ValueError: It asks for a grant or a client authentication that is not supported.
    """
    settings = block.settings
    grant = str(settings.get("grantType") or "client_credentials").casefold().replace("-", "_")
    if grant not in ("client_credentials", "clientcredentials"):
        raise ValueError(f"the grant `{settings['grantType']}` is not supported; `client_credentials` is")
    if block.is_masked:
        return masked("Bearer")
    if settings.get("token"):
        return bearing(block.required("token"))
    endpoint, issuer = block.value("tokenEndpoint"), block.value("authorizationServerUri")
    if not (settings.get("tokenEndpoint") or settings.get("authorizationServerUri")):
        if settings.get("clientId") or settings.get("clientSecret"):
            raise ValueError("oauth2 authentication needs a `tokenEndpoint`, or an `authorizationServerUri`")
        return bearing(_from_environment(block, "ACCESS_TOKEN"))
    for uri in (endpoint, issuer):
        if uri and urlsplit(uri).scheme not in ("http", "https"):
            raise ValueError("`tokenEndpoint` and `authorizationServerUri` are http or https addresses")
    method = block.value("tokenEndpointAuthMethod")
    if method not in ("", BASIC, POST):
        raise ValueError(f"`tokenEndpointAuthMethod` is `{BASIC}` or `{POST}`")
    wanted = {
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
        {name: value for name, value in wanted.items() if value},
        block.send,
        block.timeout,
    )


def _from_environment(block: AuthenticationBlock, what: str) -> str:
    name = re.sub(r"[^A-Z0-9]+", "_", block.namespace.upper()).strip("_")
    return block.text(f"{{{{{name}_{what}}}}}")


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Sends an access token that the authorization server gives for the client's own credentials.

    Attributes:
        namespace: Whose operations it is for.
        endpoint: Where tokens are given; empty where the issuer's metadata say it.
        issuer: The authorization server; empty where the endpoint is known.
        client_id: The client's id.
        client_secret: The client's secret.
        method: How the client authenticates; empty for how the server likes it, else by Basic.
        wanted: What a token is asked for besides: scope, audience, resource.
        send: Carries requests for tokens.
        timeout: How many seconds it may take to get a token.
        tokens: Holds the token.
    """

    namespace: str
    endpoint: str
    issuer: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    method: str
    wanted: Mapping[str, str]
    send: Send = field(repr=False)
    timeout: float
    tokens: TokenCache = field(default_factory=TokenCache, repr=False)

    async def authorize(self, request: OutgoingRequest, send: Send) -> UpstreamResponse:
        """Send the request with a token; where the upstream does not take it, once more with a new one."""
        if request.has("authorization"):
            return await send(request)
        token = await self.tokens.get(self._fetch)
        response = await bearing(token.value).authorize(request, send)
        if response.status != 401:
            return response
        self.tokens.refuse(token)
        if not request.is_repeatable:
            return response
        await response.aclose()
        token = await self.tokens.get(self._fetch)
        return await bearing(token.value).authorize(request, send)

    async def _fetch(self) -> Token:
        endpoint, method = self.endpoint, self.method
        deadline = asyncio.get_running_loop().time() + self.timeout
        if not endpoint:
            endpoint, methods = await self._discover(deadline)
            method = method or (POST if POST in methods and BASIC not in methods else BASIC)
        form = {"grant_type": "client_credentials", **self.wanted}
        headers = [("Content-Type", "application/x-www-form-urlencoded")]
        if method == POST:
            form |= {"client_id": self.client_id, "client_secret": self.client_secret}
        else:
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
            headers.append(("Authorization", f"Basic {b64encode(pair.encode()).decode()}"))
        body = urlencode(form).encode()
        response = await self.send(self._request("POST", endpoint, headers, deadline, body))
        answer = _object(response)
        value = answer.get("access_token")
        if response.status != 200 or not isinstance(value, str) or not value:
            raise self._failure(endpoint, response, answer)
        if str(answer.get("token_type") or "bearer").casefold() != "bearer":
            raise self._failure(endpoint, response, {}, "with a token that is no bearer token")
        return Token(value, _seconds(answer.get("expires_in")))

    async def _discover(self, deadline: float) -> tuple[str, Sequence[str]]:
        """Ask the authorization server where it gives tokens, and how clients authenticate there.

        It is asked for each token: it may have moved since the last, and tokens live long.
        """
        for address in _metadata_addresses(self.issuer):
            response = await self.send(self._request("GET", address, [], deadline))
            answer = _object(response)
            endpoint = answer.get("token_endpoint")
            if response.status != 200 or not isinstance(endpoint, str):
                continue
            if str(answer.get("issuer")).rstrip("/") != self.issuer.rstrip("/"):
                raise self._failure(address, response, {}, "as another issuer than `authorizationServerUri`")
            if urlsplit(endpoint).scheme not in ("https", urlsplit(self.issuer).scheme):
                raise self._failure(address, response, {}, "with a token endpoint that is not at https")
            methods = answer.get("token_endpoint_auth_methods_supported")
            return endpoint, methods if isinstance(methods, list) else [BASIC]
        raise UpstreamUnreachable(
            f"{self.namespace} got no access token: {_host(self.issuer)} does not say where it gives tokens",
            hint="give the `tokenEndpoint` of the authorization server",
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
        self, address: str, response: UpstreamResponse, answer: Mapping[str, Any], how: str = ""
    ) -> UpstreamUnreachable:
        code = next((each for each in _CODES if each == answer.get("error")), "")
        how = how or (f"{response.status} ({code})" if code else str(response.status))
        return UpstreamUnreachable(
            f"{self.namespace} got no access token: {_host(address)} answered {how}",
            hint="check the client's id and secret" if code == "invalid_client" else "",
        )


def _metadata_addresses(issuer: str) -> list[str]:
    """Give where an issuer's metadata may be: RFC 8414 §3, OpenID Connect, then what older servers do."""
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
