"""OAuth 2.0 client credentials: an authorization server, an upstream that requires its tokens, and failures of both."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import pytest

from consume.calling import authenticated, call, call_at_once, call_each
from naftiko_run.capability import Capability
from naftiko_run.errors import InvocationError, MissingBinding, UpstreamUnreachable
from naftiko_run.invoke import Outcome
from support.upstream import Answer, Received, Upstream, running_upstream

CLIENT, SECRET = "the client:é", "s3cr3t & more/+"
ENVIRONMENT = {"CLIENT": CLIENT, "SECRET": SECRET}


@dataclass
class Issuer:
    """Respond as an authorization server.

    Attributes:
        expires_in: The lifetime of each token.
        issued: The tokens that it issued, in order.
        rejected: The tokens that the upstream rejects.
    """

    expires_in: Any = 3600
    issued: list[str] = field(default_factory=list)
    rejected: set[str] = field(default_factory=set)

    def __call__(self, request: Received) -> Answer:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        scheme, _, pair = request.header("authorization").partition(" ")
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        if scheme == "Basic":
            client, secret = (unquote_plus(each) for each in b64decode(pair).decode().split(":"))
        if request.path != "/token" or request.method != "POST":
            return Answer(404)
        if (client, secret) != (CLIENT, SECRET):
            return answer({"error": "invalid_client", "error_description": f"not {secret}"}, 401)
        assert form["grant_type"] == "client_credentials"
        self.issued.append(f"token-{len(self.issued)}")
        return answer(
            {"access_token": self.issued[-1], "token_type": "bearer", "expires_in": self.expires_in}
        )

    def upstream(self, request: Received) -> Answer:
        """Respond as an upstream that accepts tokens that are not rejected."""
        token = request.header("authorization").removeprefix("Bearer ")
        return Answer() if token in self.issued and token not in self.rejected else Answer(401)


def answer(value: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode())


@pytest.fixture(scope="module")
def authorization_server() -> Iterator[Upstream]:
    with running_upstream() as server:
        yield server


@pytest.fixture
def issuer(authorization_server: Upstream, upstream: Upstream) -> Issuer:
    authorization_server.reset()
    found = Issuer()
    authorization_server.answers(found)
    upstream.answers(found.upstream)
    return found


def calling(folder: Path, upstream: Upstream, server: Upstream, **settings: Any) -> Capability:
    block = {
        "type": "oauth2",
        "tokenEndpoint": f"{server.url}/token",
        "clientId": "{{CLIENT}}",
        "clientSecret": "{{SECRET}}",
        **settings,
    }
    written = {key: value for key, value in block.items() if value is not None}
    return authenticated(folder, upstream.url, written, environment=ENVIRONMENT)


def token_requests(server: Upstream) -> list[dict[str, list[str]]]:
    return [parse_qs(request.body.decode()) for request in server.received if request.path == "/token"]


def test_one_token_serves_every_call(
    tmp_path: Path, upstream: Upstream, authorization_server: Upstream, issuer: Issuer
) -> None:
    capability = calling(
        tmp_path,
        upstream,
        authorization_server,
        scopes=["read", "write"],
        audience="https://api",
        resource="https://api/r",
    )
    assert [each.status for each in call_each(capability, [{}, {}, {}])] == [200, 200, 200]
    assert issuer.issued == ["token-0"]
    assert token_requests(authorization_server) == [
        {
            "grant_type": ["client_credentials"],
            "scope": ["read write"],
            "audience": ["https://api"],
            "resource": ["https://api/r"],
        }
    ]


def test_the_client_authenticates_in_the_form_if_the_block_says_so(
    tmp_path: Path, upstream: Upstream, authorization_server: Upstream, issuer: Issuer
) -> None:
    method = {"tokenEndpointAuthMethod": "client_secret_post"}
    assert call(calling(tmp_path, upstream, authorization_server, **method)).status == 200
    assert issuer.issued == ["token-0"]
    assert authorization_server.only.header("authorization") == ""


@pytest.mark.parametrize(
    "settings",
    [
        {"tokenUrl": "URL/token", "scope": "read write"},
        {"token_url": "URL/token", "scopes": "read write", "client_id": "{{CLIENT}}", "clientId": None},
        {"tokenUri": "{{env.URL}}/token", "scopes": ["read", "write"], "grantType": "client-credentials"},
    ],
)
def test_other_spellings(
    tmp_path: Path,
    upstream: Upstream,
    authorization_server: Upstream,
    issuer: Issuer,
    settings: dict[str, Any],
) -> None:
    block = {"type": "oauth2", "clientId": "{{CLIENT}}", "clientSecret": "{{SECRET}}", **settings}
    url = authorization_server.url
    written = {
        key: value.replace("URL/", f"{url}/") if isinstance(value, str) and "env" not in value else value
        for key, value in block.items()
        if value is not None
    }
    capability = authenticated(tmp_path, upstream.url, written, environment={**ENVIRONMENT, "URL": url})
    assert call(capability).status == 200
    assert issuer.issued == ["token-0"]
    assert token_requests(authorization_server)[0]["scope"] == ["read write"]
    found = {each.code for each in capability.diagnostics}
    assert found - {"undeclared-binding"} == {"authentication-spelling"}


def test_a_block_of_the_specification_takes_its_client_from_the_environment(
    tmp_path: Path, upstream: Upstream, authorization_server: Upstream, issuer: Issuer
) -> None:
    block = {"type": "oauth2", "tokenEndpoint": f"{authorization_server.url}/token", "resource": "https://r"}
    with pytest.raises(MissingBinding) as refused:
        call(authenticated(tmp_path, upstream.url, block))
    assert set(refused.value.names) == {"API_CLIENT_ID", "API_CLIENT_SECRET"}
    environment = {"API_CLIENT_ID": CLIENT, "API_CLIENT_SECRET": SECRET}
    assert call(authenticated(tmp_path, upstream.url, block, environment=environment)).status == 200
    assert issuer.issued == ["token-0"]


def test_a_block_without_a_token_endpoint_takes_a_token_from_the_environment(
    tmp_path: Path, upstream: Upstream
) -> None:
    block = {"type": "oauth2", "scopes": ["user_impersonation"]}
    capability = authenticated(tmp_path, upstream.url, block)
    (told,) = (each for each in capability.diagnostics if each.code == "no-token-endpoint")
    assert "tokenEndpoint" in told.hint
    with pytest.raises(MissingBinding, match="API_ACCESS_TOKEN"):
        call(capability)
    assert upstream.received == []
    environment = {"API_ACCESS_TOKEN": "given"}
    assert call(authenticated(tmp_path, upstream.url, block, environment=environment)).status == 200
    assert upstream.only.header("authorization") == "Bearer given"


def test_a_token_that_the_upstream_rejects_is_replaced_once(
    tmp_path: Path, upstream: Upstream, authorization_server: Upstream, issuer: Issuer
) -> None:
    capability = calling(tmp_path, upstream, authorization_server)
    assert call(capability).status == 200
    issuer.rejected.add("token-0")
    assert call(capability).status == 200
    sent = [request.header("authorization") for request in upstream.received]
    assert sent == ["Bearer token-0", "Bearer token-0", "Bearer token-1"]
    issuer.rejected.update({"token-1", "token-2"})
    assert call(capability).status == 401
    assert issuer.issued == ["token-0", "token-1", "token-2"]


@pytest.mark.parametrize("life", [0, "0", -1])
def test_an_expired_token_is_not_sent(
    tmp_path: Path, upstream: Upstream, authorization_server: Upstream, issuer: Issuer, life: Any
) -> None:
    issuer.expires_in = life
    call_each(calling(tmp_path, upstream, authorization_server), [{}, {}])
    sent = [request.header("authorization") for request in upstream.received]
    assert sent == ["Bearer token-0", "Bearer token-1"]


@pytest.mark.parametrize("life", [None, "soon"])
def test_a_token_without_a_lifetime_is_used_until_it_is_rejected(
    tmp_path: Path, upstream: Upstream, authorization_server: Upstream, issuer: Issuer, life: Any
) -> None:
    issuer.expires_in = life
    call_each(calling(tmp_path, upstream, authorization_server), [{}, {}])
    assert issuer.issued == ["token-0"]


def test_concurrent_calls_request_one_token(
    tmp_path: Path, upstream: Upstream, authorization_server: Upstream, issuer: Issuer
) -> None:
    outcomes = call_at_once(calling(tmp_path, upstream, authorization_server), 25)
    assert all(isinstance(each, Outcome) and each.status == 200 for each in outcomes)
    assert issuer.issued == ["token-0"]


def test_concurrent_calls_replace_a_rejected_token_by_one(
    tmp_path: Path, upstream: Upstream, authorization_server: Upstream, issuer: Issuer
) -> None:
    capability = calling(tmp_path, upstream, authorization_server)
    call(capability)
    issuer.rejected.add("token-0")
    outcomes = call_at_once(capability, 25)
    assert all(isinstance(each, Outcome) and each.status == 200 for each in outcomes)
    assert issuer.issued == ["token-0", "token-1"]


def test_concurrent_calls_share_a_failure(
    tmp_path: Path, upstream: Upstream, authorization_server: Upstream
) -> None:
    authorization_server.reset()
    authorization_server.answers(Answer(503))
    outcomes = call_at_once(calling(tmp_path, upstream, authorization_server), 25)
    assert all(isinstance(each, UpstreamUnreachable) for each in outcomes)
    assert len(authorization_server.received) == 1
    assert upstream.received == []


@pytest.mark.parametrize(
    ("answered", "words"),
    [
        (
            answer({"error": "invalid_scope", "error_description": SECRET}, 400),
            "returned 400 (invalid_scope)",
        ),
        (answer({"error": SECRET}, 400), "returned 400"),
        (answer([SECRET]), "returned 200"),
        (Answer(200, SECRET.encode()), "returned 200"),
        (answer({"access_token": 5}), "returned 200"),
        (answer({"access_token": SECRET, "token_type": "mac"}), "a token that is not a bearer token"),
        (Answer(302, b"", (("location", "http://127.0.0.1:1/elsewhere"),)), "returned 302"),
    ],
)
def test_a_failure_names_namespace_and_host_and_shows_nothing_of_the_response(
    tmp_path: Path, upstream: Upstream, authorization_server: Upstream, answered: Answer, words: str
) -> None:
    authorization_server.reset()
    authorization_server.answers(answered)
    with pytest.raises(InvocationError) as refused:
        call(calling(tmp_path, upstream, authorization_server))
    host = authorization_server.url.removeprefix("http://")
    assert refused.value.message.startswith(f"api could not get an access token: {host} returned ")
    assert words in refused.value.message
    assert SECRET not in f"{refused.value!r} {refused.value.hint}"
    assert upstream.received == []
    assert len(authorization_server.received) == 1


def test_wrong_credentials_say_what_to_check(
    tmp_path: Path, upstream: Upstream, authorization_server: Upstream, issuer: Issuer
) -> None:
    with pytest.raises(UpstreamUnreachable, match=r"returned 401 \(invalid_client\)") as refused:
        call(calling(tmp_path, upstream, authorization_server, clientSecret="wrong"))
    assert "client ID and secret" in refused.value.hint
    assert issuer.issued == []


def test_an_authorization_server_that_is_not_there_is_named(tmp_path: Path, upstream: Upstream) -> None:
    block = {
        "type": "oauth2",
        "tokenEndpoint": "http://u:p@127.0.0.1:1/t",
        "clientId": "c",
        "clientSecret": "s",
    }
    with pytest.raises(UpstreamUnreachable, match=r"api \(access token\): no response from 127\.0\.0\.1:1"):
        call(authenticated(tmp_path, upstream.url, block))


@pytest.mark.parametrize(
    "place",
    [
        ("", "/.well-known/oauth-authorization-server"),
        ("/", "/.well-known/openid-configuration"),
        ("/tenant", "/.well-known/oauth-authorization-server/tenant"),
        ("/tenant", "/tenant/.well-known/openid-configuration"),
        ("/tenant/", "/tenant/.well-known/oauth-authorization-server"),
    ],
)
def test_the_token_endpoint_is_discovered(
    tmp_path: Path,
    upstream: Upstream,
    authorization_server: Upstream,
    issuer: Issuer,
    place: tuple[str, str],
) -> None:
    issuer_path, at = place
    url = authorization_server.url
    metadata = {
        "issuer": f"{url}{issuer_path}".rstrip("/"),
        "token_endpoint": f"{url}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    }
    authorization_server.answers(
        lambda request: answer(metadata) if request.target == at else issuer(request)
    )
    settings = {"tokenEndpoint": None, "authorizationServerUri": url + issuer_path}
    assert call(calling(tmp_path, upstream, authorization_server, **settings)).status == 200
    assert [request.target for request in authorization_server.received][-2:] == [at, "/token"]
    assert authorization_server.received[-1].header("authorization") == ""


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({}, "publishes no token endpoint"),
        (
            {"issuer": "https://evil.example", "token_endpoint": "https://evil.example/t"},
            "metadata of an issuer other than",
        ),
        ({"issuer": "URL", "token_endpoint": "file:///etc/passwd"}, "does not use https"),
    ],
)
def test_metadata_that_cannot_be_trusted_get_no_secret(
    tmp_path: Path, upstream: Upstream, authorization_server: Upstream, metadata: dict[str, str], words: str
) -> None:
    url = authorization_server.url
    authorization_server.reset()
    authorization_server.answers(answer({key: value.replace("URL", url) for key, value in metadata.items()}))
    settings = {"tokenEndpoint": None, "authorizationServerUri": url}
    with pytest.raises(UpstreamUnreachable, match=words):
        call(calling(tmp_path, upstream, authorization_server, **settings))
    assert all(request.method == "GET" for request in authorization_server.received)


def test_the_sandbox_fetches_no_token(tmp_path: Path, authorization_server: Upstream, issuer: Issuer) -> None:
    block = {"type": "oauth2", "tokenEndpoint": f"{authorization_server.url}/token"}
    outcome = call(authenticated(tmp_path, "https://api.example", block, sandbox=True))
    assert json.loads(outcome.content)["sandbox"]["wouldSend"]["headers"]["Authorization"] == "Bearer ***"
    assert authorization_server.received == []
    assert issuer.issued == []
