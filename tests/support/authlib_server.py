"""An authorization server of Authlib's on loopback: what is between its parts and the wire is here, no more.

It has the authorization code grant with PKCE (S256), refresh tokens that are used once, resource indicators
(RFC 8707), metadata (RFC 8414), the issuer in its answers (RFC 9207), and clients that register (RFC 7591) or
are known by the URL of their metadata document.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from authlib.common.security import generate_token
from authlib.oauth2 import AuthorizationServer, OAuth2Error
from authlib.oauth2.rfc6749 import JsonRequest
from authlib.oauth2.rfc6749.requests import OAuth2Request
from authlib.oauth2.rfc7591 import ClientMetadataClaims, ClientRegistrationEndpoint
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from authlib.oauth2.rfc9207 import IssuerParameter
from joserfc.jwk import KeySet, RSAKey

from support.authlib_grants import (
    Client,
    Codes,
    FormRequest,
    Grant,
    Payload,
    Renewals,
    Sha256Challenge,
    User,
    headers_of,
)
from support.upstream import JSON, Answer, Received, Upstream, running_upstream

SCOPES = ["read", "write"]

_KEYS = KeySet([RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)])


class Registration(ClientRegistrationEndpoint):
    """Clients register themselves, whoever they are."""

    def authenticate_token(self, request: Any) -> str:
        del request
        return "anybody"

    def get_server_metadata(self) -> dict[str, Any]:
        metadata: dict[str, Any] = self.server.metadata()
        return metadata

    def generate_client_info(self, request: Any) -> dict[str, Any]:
        info: dict[str, Any] = super().generate_client_info(request)
        if request.payload.data.get("token_endpoint_auth_method") == "none":
            del info["client_secret"], info["client_secret_expires_at"]
        return info

    def save_client(self, client_info: dict[str, Any], client_metadata: Any, request: Any) -> Client:
        del request
        client = Client(client_info["client_id"], {**client_metadata, **client_info})
        self.server.clients[client.client_id] = client
        return client


class Tokens(JWTBearerTokenGenerator):
    """JWTs for the resource that was asked for."""

    def __init__(self, server: AuthlibServer) -> None:
        super().__init__(
            server.issuer,
            refresh_token_generator=lambda **_: generate_token(48),
            expires_generator=lambda _client, _grant_type: server.lifetime,
        )
        self._server = server

    def get_jwks(self) -> KeySet:
        return _KEYS

    def get_audiences(self, client: Any, user: Any, scope: Any) -> str:
        del client, user, scope
        return self._server.audience


class Issuer(IssuerParameter):
    """Names the server in what a user is sent back with."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    def get_issuer(self) -> str:
        return self._issuer


class AuthlibServer(AuthorizationServer):
    """The server, and what tests set of it.

    Args:
        upstream: Answers its requests, and has received them.
        trusted: Whom it trusts when it reads the metadata documents of clients; None to know no such clients.

    Attributes:
        lifetime: For how many seconds its tokens are valid.
        given: The access tokens that it gave, the last one last.
    """

    def __init__(self, upstream: Upstream, trusted: ssl.SSLContext | None) -> None:
        super().__init__(scopes_supported=SCOPES)
        self.upstream = upstream
        self.issuer = upstream.url
        self.lifetime = 300
        self.audience = ""
        self.given: list[str] = []
        self.clients: dict[str, Client] = {}
        self.codes: dict[str, Grant] = {}
        self.renewals: dict[str, Grant] = {}
        self._trusted = trusted
        self.register_token_generator("default", Tokens(self))
        self.register_grant(Codes, [Sha256Challenge()])
        self.register_grant(Renewals)
        self.register_extension(Issuer(self.issuer))
        self.register_endpoint(Registration)  # type: ignore[arg-type]  # the stubs know no common class
        upstream.answers(self._answer)

    def asked(self, path: str) -> list[dict[str, str]]:
        """Give the parameters of the requests that came for a path."""
        requests = [each for each in self.upstream.received if each.path == path]
        return [dict(parse_qsl(each.query)) | dict(parse_qsl(each.body.decode())) for each in requests]

    def metadata(self) -> AuthorizationServerMetadata:
        """Give what clients must know, as Authlib has checked it."""
        metadata = AuthorizationServerMetadata(
            issuer=self.issuer,
            authorization_endpoint=f"{self.issuer}/authorize",
            token_endpoint=f"{self.issuer}/token",
            registration_endpoint=f"{self.issuer}/register",
            jwks_uri=f"{self.issuer}/keys",
            scopes_supported=SCOPES,
            response_types_supported=["code"],
            grant_types_supported=["authorization_code", "refresh_token"],
            token_endpoint_auth_methods_supported=list(Codes.TOKEN_ENDPOINT_AUTH_METHODS),
            code_challenge_methods_supported=["S256"],
            authorization_response_iss_parameter_supported=True,
            client_id_metadata_document_supported=self._trusted is not None,
        )
        metadata.validate_code_challenge_methods_supported()
        return metadata

    def query_client(self, client_id: str) -> Any:
        """Give a client, once its metadata document was read where its name is the URL of one."""
        if client_id.startswith("https://") and self._trusted and client_id not in self.clients:
            document = httpx.get(client_id, verify=self._trusted).raise_for_status().json()
            if document["client_id"] != client_id:
                return None
            ClientMetadataClaims(document, {}).validate()
            self.clients[client_id] = Client(client_id, document)
        return self.clients.get(client_id)

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        self.given.append(token["access_token"])
        if "refresh_token" in token:
            secret = token["refresh_token"]
            client: Any = request.client
            self.renewals[secret] = Grant(
                client, request.user or User(), token["scope"], self.audience, secret=secret
            )

    def create_oauth2_request(self, request: Any) -> OAuth2Request:
        return request if isinstance(request, OAuth2Request) else FormRequest(request, self.issuer)

    def create_json_request(self, request: Any) -> JsonRequest:
        sent = JsonRequest(request.method, self.issuer + request.target, headers_of(request))
        sent.payload = Payload(request.json)
        return sent

    def handle_response(self, status: int, body: Any, headers: Any) -> SimpleNamespace:
        """Give an answer to which extensions may still add."""
        location = dict(headers).get("Location")
        return SimpleNamespace(status=status, body=body, headers=headers, location=location)

    def send_signal(self, name: Any, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def _answer(self, request: Received) -> Answer:
        match request.method, request.path:
            case "GET", "/.well-known/oauth-authorization-server":
                return _sent(200, self.metadata())
            case "GET", "/keys":
                return _sent(200, _KEYS.as_dict(private=False))
            case "POST", "/register":
                return self._registered(request)
            case "GET" | "POST", "/authorize":
                return self._authorized(request)
            case "POST", "/token":
                return _wired(self.create_token_response(request))
        return _sent(404, {})

    def _registered(self, request: Received) -> Answer:
        return _wired(self.create_endpoint_response("client_registration", request))  # type: ignore[no-untyped-call]  # the stubs have no types

    def _authorized(self, request: Received) -> Answer:
        """Ask the user; once the form was sent, send them back to the client."""
        sent = FormRequest(request, self.issuer)
        try:
            grant = self.get_consent_grant(sent)  # type: ignore[no-untyped-call]  # the stubs have no types
        except OAuth2Error as fault:
            return _wired(self.handle_error_response(sent, fault))
        if request.method == "GET":
            return _sent(200, {"client": sent.parameters["client_id"], "scope": sent.parameters["scope"]})
        return _wired(self.create_authorization_response(sent, grant_user=User(), grant=grant))


@contextmanager
def authlib_server(trusted: ssl.SSLContext | None = None) -> Iterator[AuthlibServer]:
    """Run an authorization server; see ``AuthlibServer``."""
    with running_upstream() as upstream:
        yield AuthlibServer(upstream, trusted)


def consent(url: str, *scopes: str) -> dict[str, str]:
    """Consent as a user in a browser does, to less than all where there are scopes; give what they come back with."""
    with httpx.Client(trust_env=False) as browser:
        page = browser.get(url).raise_for_status()
        form = {"scope": " ".join(scopes) or page.json()["scope"]}
        answer = browser.post(url, data=form)
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def _wired(answer: Any) -> Answer:
    if answer.location:
        return Answer(302, b"", (("location", answer.location),))
    return _sent(answer.status, answer.body)


def _sent(status: int, value: Any) -> Answer:
    return Answer(status, json.dumps(value).encode(), JSON)
