"""The official client's way to a token of a real authorization server (Authlib's), and what becomes of the token."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
import mcp_types as types
import pytest
import trustme
from mcp.client.auth import OAuthClientProvider, TokenStorage
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)
from pydantic import AnyUrl

from naftiko_run import Settings
from naftiko_run.serve import Addressing
from support.authlib_server import AuthlibServer, authlib_server, consent
from support.documents import small, written
from support.guarded import INITIALIZE, bearing, get, post, refused
from support.mcp_client import ERAS, run_async
from support.ports import free_ports
from support.server import Served, serving
from support.upstream import Upstream, running_upstream

CALLBACK = "http://127.0.0.1:3030/callback"
OWN_TOKEN = "t0ken-of-our-own"


@dataclass
class Person(TokenStorage):
    """Someone with a client that keeps tokens; consents when asked, to all or to some scopes."""

    consents_to: Sequence[str] = ()
    tokens: OAuthToken | None = None
    client_info: OAuthClientInformationFull | None = None
    asked: list[str] = field(default_factory=list)

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client_info

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client_info = client_info

    async def visit(self, url: str) -> None:
        self.asked.append(url)

    async def come_back(self) -> AuthorizationCodeResult:
        found = consent(self.asked[-1], *self.consents_to)
        return AuthorizationCodeResult(code=found["code"], state=found["state"], iss=found["iss"])

    def provider(self, url: str, client_metadata_url: str | None = None) -> OAuthClientProvider:
        return OAuthClientProvider(
            url,
            OAuthClientMetadata(redirect_uris=[AnyUrl(CALLBACK)], client_name="a client"),
            self,
            self.visit,
            self.come_back,
            client_metadata_url,
        )

    @property
    def token(self) -> str:
        assert self.tokens
        return self.tokens.access_token


def called(url: str, auth: OAuthClientProvider, mode: str = "auto") -> types.CallToolResult:
    """Call the tool with the official client."""

    async def use() -> types.CallToolResult:
        async with (
            httpx2.AsyncClient(auth=auth, trust_env=False) as http,
            Client(streamable_http_client(url, http_client=http), mode=mode) as client,
        ):
            (tool,) = (await client.list_tools()).tools
            return await client.call_tool(tool.name)

    return run_async(use)


def claims(token: str) -> dict[str, Any]:
    """Give what a token says."""
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def client_metadata_url(authority: trustme.CA) -> Iterator[str]:
    """Where a client's metadata document is, for HTTPS as the protocol wants it."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with running_upstream(tls) as host:
        url = f"{host.url}/client.json"
        host.answers_json(
            {
                "client_id": url,
                "client_name": "a client",
                "redirect_uris": [CALLBACK],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
            }
        )
        yield url


@pytest.fixture(scope="module")
def shared_server(authority: trustme.CA) -> Iterator[AuthlibServer]:
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    with authlib_server(trusted) as server:
        yield server


@pytest.fixture
def server(shared_server: AuthlibServer) -> AuthlibServer:
    shared_server.upstream.received = []
    shared_server.given = []
    shared_server.lifetime = 300
    return shared_server


@pytest.fixture(scope="module")
def served(
    shared_server: AuthlibServer, shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Two servers of one authorization server: ``cars`` has a credential of its own upstream, ``bikes`` none."""
    documents, folder = [], tmp_path_factory.mktemp("flow")
    ports = dict(zip(("cars", "bikes"), free_ports(2), strict=True))
    for name, port in ports.items():
        line = (
            f"authentication: {{type: oauth2, authorizationServerUri: '{shared_server.issuer}', "
            f"resource: 'http://127.0.0.1:{port}/mcp', scopes: [read, write]}}"
        )
        variable = "OWN_TOKEN" if name == "cars" else ""
        text = small(name, path=f"/{name}", rest=line, mcp=line, variable=variable)
        if variable:
            text = text.replace(
                "capability:", "binds:\n- {namespace: env, keys: {OWN_TOKEN: OWN_TOKEN}}\ncapability:"
            )
        documents.append(written(folder, text, f"{name}.yaml"))
    addressing = Addressing("", {f"{name}-mcp": port for name, port in ports.items()} | {"rest": 0})
    upstreams = dict.fromkeys(ports, shared_upstream.url)
    settings = Settings(upstreams, environment={"OWN_TOKEN": OWN_TOKEN})
    with serving(*documents, settings=settings, addressing=addressing) as served:
        yield served


@pytest.fixture
def cars(served: Served) -> str:
    return served.urls("mcp")[0].replace("/cars-mcp/mcp", "/mcp")


@pytest.fixture
def bikes(served: Served) -> str:
    return served.urls("mcp")[1].replace("/bikes-mcp/mcp", "/mcp")


def unseen(upstream: Upstream, token: str) -> None:
    """Check that no request to an upstream holds a token, or a part of it that says anything."""
    assert upstream.received
    for request in upstream.received:
        everything = f"{request.target}{request.headers}{request.body.decode()}"
        for secret in (token, *token.split(".")):
            assert secret not in everything


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("known_by", ["registration", "document"])
def test_a_client_that_knows_the_url_alone_comes_to_call_a_tool(
    server: AuthlibServer, cars: str, client_metadata_url: str, *, mode: str, known_by: str
) -> None:
    person = Person()
    provider = person.provider(cars, client_metadata_url if known_by == "document" else None)
    assert called(cars, provider, mode).structured_content == {"ok": True}
    (asked,) = server.asked("/authorize")[:1]
    assert (asked["resource"], asked["scope"], asked["code_challenge_method"]) == (cars, "read write", "S256")
    assert (asked["client_id"] == client_metadata_url) == (known_by == "document")
    assert len(server.asked("/register")) == (known_by == "registration")
    assert [each["resource"] for each in server.asked("/token")] == [cars]
    assert (claims(person.token)["aud"], claims(person.token)["scope"]) == (cars, "read write")


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("called_server", ["cars", "bikes"])
def test_no_upstream_sees_the_token_of_a_caller(
    request: pytest.FixtureRequest,
    server: AuthlibServer,
    upstream: Upstream,
    *,
    mode: str,
    called_server: str,
) -> None:
    url = request.getfixturevalue(called_server)
    person = Person()
    assert called(url, person.provider(url), mode).structured_content == {"ok": True}
    assert server.given == [person.token]
    unseen(upstream, person.token)
    own = f"Bearer {OWN_TOKEN}" if called_server == "cars" else ""
    assert upstream.only.header("authorization") == own


@pytest.mark.parametrize("mode", ERAS)
def test_a_token_of_too_little_scope_is_stepped_up(
    server: AuthlibServer, cars: str, upstream: Upstream, mode: str
) -> None:
    person = Person(consents_to=["read"])
    with pytest.raises(BaseExceptionGroup):
        called(cars, person.provider(cars), mode)
    challenged = post(cars, json=INITIALIZE, headers=bearing(person.token))
    assert challenged.status_code == 403
    assert 'error="insufficient_scope"' in challenged.headers["www-authenticate"]
    assert 'scope="read write"' in challenged.headers["www-authenticate"]
    assert "resource_metadata=" in challenged.headers["www-authenticate"]
    assert upstream.received == []
    person.consents_to, server.given = (), []
    assert called(cars, person.provider(cars), mode).structured_content == {"ok": True}
    assert [claims(each)["scope"] for each in server.given] == ["read write"]


def test_a_token_for_another_server_is_refused_and_another_is_got(
    server: AuthlibServer, cars: str, bikes: str, upstream: Upstream
) -> None:
    person = Person()
    called(cars, person.provider(cars))
    upstream.reset()
    answer = post(bikes, json=INITIALIZE, headers=bearing(person.token))
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert "The token is for another audience" in answer.headers["www-authenticate"]
    assert upstream.received == []
    assert called(bikes, person.provider(bikes)).structured_content == {"ok": True}
    assert [claims(each)["aud"] for each in server.given] == [cars, bikes]


@pytest.mark.parametrize("mode", ERAS)
def test_a_token_that_has_expired_is_renewed_without_the_user(
    server: AuthlibServer, cars: str, upstream: Upstream, mode: str
) -> None:
    person = Person()
    provider = person.provider(cars)
    server.lifetime = -60
    with pytest.raises(BaseExceptionGroup):
        called(cars, provider, mode)
    answer = post(cars, json=INITIALIZE, headers=bearing(person.token))
    assert answer.status_code == 401
    assert 'error_description="The token has expired"' in answer.headers["www-authenticate"]
    assert upstream.received == []
    server.lifetime, server.upstream.received, person.asked = 300, [], []
    assert called(cars, provider, mode).structured_content == {"ok": True}
    (renewal,) = server.asked("/token")
    assert (renewal["grant_type"], renewal["resource"]) == ("refresh_token", cars)
    assert person.asked == []
    assert claims(person.token)["aud"] == cars


def test_a_rest_api_takes_the_same_token_and_keeps_it_to_itself(
    server: AuthlibServer, served: Served, cars: str, upstream: Upstream
) -> None:
    route = f"{served.urls('rest')[0]}/cars"
    refused(get(route), 'Bearer realm="cars-rest", scope="read write"')
    person = Person()
    called(cars, person.provider(cars))
    upstream.reset()
    assert get(route, headers=bearing(server.given[-1])).json() == {"ok": True}
    unseen(upstream, person.token)
    assert upstream.only.header("authorization") == f"Bearer {OWN_TOKEN}"
    refused(
        get(f"{served.urls('rest')[0]}/bikes", headers=bearing(person.token)),
        'Bearer realm="bikes-rest", error="invalid_token", '
        'error_description="The token is for another audience", scope="read write"',
    )
