"""What Authlib leaves to an authorization server: its clients, what was granted to them, and what that gets them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import ClientMixin, InvalidGrantError, JsonPayload, OAuth2Payload
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.requests import OAuth2Request
from authlib.oauth2.rfc7636 import CodeChallenge

from support.upstream import Received


class InvalidTarget(OAuth2Error):
    """A resource that the user was not asked about (RFC 8707, 2)."""

    error = "invalid_target"


@dataclass(frozen=True, slots=True)
class User:
    """Whoever consents."""

    name: str = "ada"

    def get_user_id(self) -> str:
        """Give the subject of tokens."""
        return self.name


@dataclass(frozen=True, slots=True)
class Client(ClientMixin):
    """A client, registered or known by the URL of its metadata document."""

    client_id: str
    metadata: dict[str, Any]

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return str(self.metadata["redirect_uris"][0])

    def get_allowed_scope(self, scope: Any) -> str:
        return str(scope)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in list(self.metadata["redirect_uris"])

    def check_client_secret(self, client_secret: str) -> bool:
        return bool(client_secret == self.metadata["client_secret"])

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        del endpoint
        return method == str(self.metadata.get("token_endpoint_auth_method", "client_secret_basic"))

    def check_response_type(self, response_type: str) -> bool:
        return response_type in list(self.metadata.get("response_types", ["code"]))

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in list(self.metadata.get("grant_types", ["authorization_code"]))


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user has granted, for a code or a refresh token to be brought for it."""

    client: Client
    user: User
    scope: str
    resource: str
    redirect_uri: str = ""
    challenge: str = ""
    secret: str = ""

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def check_client(self, client: Client) -> bool:
        return client.client_id == self.client.client_id


class Payload(OAuth2Payload, JsonPayload):
    """The parameters of a request, each of which it has once."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self._parameters = parameters

    @property
    def data(self) -> dict[str, Any]:
        return self._parameters

    @property
    def datalist(self) -> dict[str, list[Any]]:
        return {name: [value] for name, value in self._parameters.items()}


class FormRequest(OAuth2Request):
    """A request for a code or a token."""

    def __init__(self, received: Received, origin: str) -> None:
        super().__init__(received.method, origin + received.target, headers=headers_of(received))
        self._form = dict(parse_qsl(received.body.decode()))
        self.parameters = {**dict(parse_qsl(received.query)), **self._form}
        self.payload = Payload(self.parameters)

    @property
    def form(self) -> dict[str, str]:
        return self._form


class Codes(AuthorizationCodeGrant):
    """A code for what a user consented to, and a token for a code."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none", "client_secret_basic", "client_secret_post")

    def save_authorization_code(self, code: str, request: Any) -> None:
        asked = request.payload.data
        self.server.codes[code] = Grant(
            request.client,
            request.user,
            request.scope,
            asked["resource"],
            request.payload.redirect_uri,
            asked["code_challenge"],
            code,
        )

    def query_authorization_code(self, code: str, client: Any) -> Grant | None:
        found: Grant | None = self.server.codes.get(code)
        return found if found and found.check_client(client) else None

    def delete_authorization_code(self, authorization_code: Grant) -> None:
        del self.server.codes[authorization_code.secret]

    def authenticate_user(self, authorization_code: Grant) -> User:
        return authorization_code.user

    def create_token_response(self) -> Any:
        self.server.audience = _target(self.request, self.request.authorization_code)
        return super().create_token_response()


class Sha256Challenge(CodeChallenge):
    """PKCE as MCP asks for it."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012 - theirs

    def get_authorization_code_challenge(self, authorization_code: Grant) -> str:
        return authorization_code.challenge

    def get_authorization_code_challenge_method(self, authorization_code: Grant) -> str:
        del authorization_code
        return "S256"


class Renewals(RefreshTokenGrant):
    """A token for a refresh token, which is used up by that."""

    TOKEN_ENDPOINT_AUTH_METHODS = Codes.TOKEN_ENDPOINT_AUTH_METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Any:
        return self.server.renewals.get(refresh_token)

    def authenticate_user(self, refresh_token: Grant) -> User:
        return refresh_token.user

    def revoke_old_credential(self, refresh_token: Any) -> None:
        del self.server.renewals[refresh_token.secret]

    def create_token_response(self) -> Any:
        self.server.audience = _target(self.request, self.request.refresh_token)
        return super().create_token_response()


def headers_of(received: Received) -> dict[str, str]:
    """Give the headers of a request as Authlib reads them."""
    return {name.title(): value for name, value in received.headers}


def _target(request: Any, grant: Any) -> str:
    """Give for whom a token shall be; only what the user was asked about."""
    target = request.form.get("resource")
    if target is None:
        raise InvalidGrantError("no resource is named")
    if target != grant.resource:
        raise InvalidTarget
    return str(target)
