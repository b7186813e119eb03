"""Callers with tokens of an authorization server (``oauth2``): which tokens pass."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from support.authorization import (
    RESOURCE,
    AuthorizationServer,
    authorization_server,
    encoded,
    public_key,
    signed,
)
from support.guarded import INITIALIZE, bearing, get, post, refused, route, serving_guarded
from support.server import Served
from support.upstream import Upstream
from support.wire import problem

pytestmark = pytest.mark.usefixtures("upstream")  # what it answers is not what another test left

REALM = 'Bearer realm="shop-rest"'
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def server() -> Iterator[AuthorizationServer]:
    with authorization_server() as server:
        server.keys["curve"] = ec.generate_private_key(ec.SECP256R1())
        server.keys["edwards"] = ed25519.Ed25519PrivateKey.generate()
        server.keys["short"] = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - hostile
        yield server


@pytest.fixture(scope="module")
def served(
    server: AuthorizationServer, shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    block = {
        "type": "oauth2",
        "authorizationServerUri": "{{ISSUER}}",
        "resource": RESOURCE,
        "scopes": ["read", "write"],
        "x-impliedScopes": {"everything": ["read", "edit"], "edit": "write edit", "see": "read"},
    }
    environment = {"ISSUER": server.issuer}
    with serving_guarded(tmp_path_factory.mktemp("oauth2"), shared_upstream, block, environment) as served:
        yield served


def get_with(served: Served, token: str) -> httpx.Response:
    return get(route(served), headers=bearing(token))


def invalid(answer: httpx.Response, reason: str) -> None:
    """Check that a token was called invalid, for a reason that its owner is told."""
    challenge = f'{REALM}, error="invalid_token", error_description="{reason}", scope="read write"'
    assert refused(answer, challenge)["detail"] == reason


@pytest.mark.parametrize("key", ["first", "curve", "edwards"])
def test_a_good_token_passes(
    served: Served, server: AuthorizationServer, upstream: Upstream, key: str
) -> None:
    assert get_with(served, server.token(key)).json() == {"ok": True}
    assert not upstream.only.header("authorization")


def test_a_good_token_reaches_the_mcp_server(served: Served, server: AuthorizationServer) -> None:
    headers = bearing(server.token())
    assert post(served.url("mcp"), json=INITIALIZE, headers=headers).is_success


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["https://other.example", RESOURCE]},
        {"aud": f"{RESOURCE}/"},
        {"scope": "everything"},
        {"scope": "read edit"},
        {"scope": None, "scp": ["write", "read", "more"]},
        {"scope": "read", "scp": "write"},
        {"exp": timedelta(seconds=-10)},
        {"nbf": timedelta(seconds=10)},
        {"iat": timedelta(seconds=10)},
    ],
)
def test_other_ways_to_say_the_same_pass(
    served: Served, server: AuthorizationServer, changes: dict[str, Any]
) -> None:
    assert get_with(served, server.token(**changes)).is_success


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"typ": "application/at+jwt"}, {"typ": None}])
def test_other_names_for_access_tokens_pass(
    served: Served, server: AuthorizationServer, header: dict[str, Any]
) -> None:
    assert get_with(served, server.token(header=header)).is_success


def test_an_issuer_with_a_slash_at_its_end_is_the_same(served: Served, server: AuthorizationServer) -> None:
    assert get_with(served, server.token(iss=f"{server.issuer}/")).is_success


def test_a_token_that_names_no_key_passes_by_any_of_its_kind(
    served: Served, server: AuthorizationServer
) -> None:
    assert get_with(served, server.token(None)).is_success


def test_who_brings_no_token_is_told_which_scopes_are_needed(served: Served, upstream: Upstream) -> None:
    refused(get(route(served)), f'{REALM}, scope="read write"')
    refused(get(route(served), auth=("a", "b")), f'{REALM}, scope="read write"')
    assert not upstream.received


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": timedelta(seconds=-60)}, "The token has expired"),
        ({"exp": None}, "The token lacks one of exp, iss and aud"),
        ({"exp": "soon"}, "The token is malformed"),
        ({"exp": float("inf")}, "The token is malformed"),
        ({"nbf": timedelta(seconds=300)}, "The token is not valid yet"),
        ({"iat": timedelta(seconds=300)}, "The token is not valid yet"),
        ({"aud": "https://other.example"}, "The token is for another audience"),
        ({"aud": []}, "The token lacks one of exp, iss and aud"),
        ({"aud": {"shop": RESOURCE}}, "The token is for another audience"),
        ({"aud": None}, "The token lacks one of exp, iss and aud"),
        ({"iss": "https://elsewhere.example"}, "The token is from another issuer"),
        ({"iss": None}, "The token lacks one of exp, iss and aud"),
        ({"iss": ["a"]}, "The token is from another issuer"),
    ],
)
def test_a_token_that_says_the_wrong_thing_is_refused(
    served: Served, server: AuthorizationServer, upstream: Upstream, changes: dict[str, Any], reason: str
) -> None:
    invalid(get_with(served, server.token(**changes)), reason)
    assert not upstream.received


@pytest.mark.parametrize(
    "changes",
    [{"scope": "read"}, {"scope": None}, {"scope": "readwrite"}, {"scope": ["read", 1]}, {"scope": 5}],
)
def test_a_token_without_every_scope_is_forbidden(
    served: Served, server: AuthorizationServer, changes: dict[str, Any]
) -> None:
    answer = get_with(served, server.token(**changes))
    assert problem(answer, 403)["type"] == "urn:naftiko:problem:forbidden"
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith(f'{REALM}, error="insufficient_scope", error_description="The token lacks')
    assert challenge.endswith('scope="read write"')


def hmac_with_public_key(server: AuthorizationServer) -> str:
    """Give a token signed by HMAC with what everybody has: the server's public key."""
    public = (
        server.keys["first"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    header = {"alg": "HS256", "kid": "first", "typ": "at+jwt"}
    text = ".".join(encoded(json.dumps(each).encode()) for each in (header, server.claims()))
    return f"{text}.{encoded(hmac.new(public, text.encode(), hashlib.sha256).digest())}"


def unsigned(server: AuthorizationServer, algorithm: str = "none") -> str:
    header = {"alg": algorithm, "kid": "first"}
    return ".".join(encoded(json.dumps(each).encode()) for each in (header, server.claims())) + "."


def test_a_token_without_a_signature_is_refused(served: Served, server: AuthorizationServer) -> None:
    for algorithm in ("none", "None", "nOnE", ""):
        invalid(get_with(served, unsigned(server, algorithm)), "The token's algorithm is not accepted")
    invalid(get_with(served, unsigned(server, "RS256")), "The signature is wrong")


def test_a_public_key_is_no_secret_to_sign_with(served: Served, server: AuthorizationServer) -> None:
    invalid(get_with(served, hmac_with_public_key(server)), "The token's algorithm is not accepted")


def test_a_key_of_another_kind_is_not_tried(served: Served, server: AuthorizationServer) -> None:
    for key_id, algorithm in (("first", "ES256"), ("curve", "RS256"), ("curve", "ES384"), ("first", "EdDSA")):
        invalid(
            get_with(served, server.token(key_id, header={"alg": algorithm})),
            "The token is signed with an unknown key",
        )


def test_a_stranger_cannot_sign(served: Served, server: AuthorizationServer) -> None:
    header = {"alg": "RS256", "kid": "first"}
    invalid(get_with(served, signed(STRANGER, header, server.claims())), "The signature is wrong")
    del header["kid"]
    invalid(get_with(served, signed(STRANGER, header, server.claims())), "The signature is wrong")


def test_a_token_cannot_bring_its_own_key(
    served: Served, server: AuthorizationServer, upstream: Upstream
) -> None:
    for header in (
        {"jwk": public_key(STRANGER)},
        {"jku": f"{upstream.url}/keys"},
        {"x5u": f"{upstream.url}/chain"},
        {"x5c": ["MIIB"]},
    ):
        token = signed(STRANGER, {"alg": "RS256", "kid": "first", **header}, server.claims())
        invalid(get_with(served, token), "The signature is wrong")
    assert not upstream.received


@pytest.mark.parametrize(
    "key_id",
    ["../first", "/etc/passwd", "../../../../dev/null", "first\0", "' OR 1=1 --", "http://x/", "x" * 9000],
)
def test_a_key_id_is_only_a_name(served: Served, server: AuthorizationServer, key_id: str) -> None:
    token = server.token(header={"kid": key_id})
    invalid(get_with(served, token), "The token is signed with an unknown key")


def test_a_key_that_is_too_short_is_not_trusted(served: Served, server: AuthorizationServer) -> None:
    invalid(get_with(served, server.token("short")), "The token is signed with an unknown key")


def test_a_token_for_another_purpose_is_refused(served: Served, server: AuthorizationServer) -> None:
    for kind in ("logout+jwt", "dpop+jwt", "secevent+jwt", 5):
        invalid(get_with(served, server.token(header={"typ": kind})), "The token is not an access token")


def test_an_extension_that_must_be_understood_is_refused(served: Served, server: AuthorizationServer) -> None:
    token = server.token(header={"crit": ["x-more"], "x-more": True})
    assert get_with(served, token).status_code == 401


def test_a_changed_token_is_refused(served: Served, server: AuthorizationServer) -> None:
    head, _, signature = server.token().split(".")
    claims = encoded(json.dumps(server.claims(scope="read write admin")).encode())
    invalid(get_with(served, f"{head}.{claims}.{signature}"), "The signature is wrong")


def nested(depth: int) -> str:
    return encoded(b'{"alg":' + b"[" * depth + b"]" * depth + b"}")


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("x", "The token is not a signed JWT"),
        ("..", "The token is not a signed JWT"),
        ("a.b.c", "The token is not a signed JWT"),
        ("a.b.c.d.e", "The token is not a signed JWT"),
        (f"{encoded(b'[]')}.e30.e30", "The token is not a signed JWT"),
        (f"{encoded(b'{}')}.e30.e30", "The token's algorithm is not accepted"),
        (f"{nested(10)}.e30.e30", "The token's algorithm is not accepted"),
        (f"{nested(5000)}.e30.e30", "The token is not a signed JWT"),
        (encoded(b'{"alg":"RS256","kid":5}') + ".e30.e30", "The token is not a signed JWT"),
        (encoded(b'{"alg":' + b"9" * 6000 + b"}") + ".e30.e30", "The token is not a signed JWT"),
        ("a b", "The token is malformed"),
        ('x"', "The token is malformed"),
        ("x, scope=admin", "The token is malformed"),
        ("A" * 17_000, "The token is malformed"),
    ],
)
def test_what_is_no_token_is_refused(served: Served, token: str, reason: str) -> None:
    invalid(get_with(served, token), reason)


def test_a_token_in_the_query_or_a_form_is_not_taken(served: Served, server: AuthorizationServer) -> None:
    token = server.token()
    assert get(route(served), params={"access_token": token}).status_code == 401
    assert post(served.url("mcp"), data={"access_token": token}).status_code == 401


def test_a_request_with_several_tokens_is_malformed(
    served: Served, server: AuthorizationServer, upstream: Upstream
) -> None:
    token = f"Bearer {server.token()}"
    detail = "The request has several Authorization headers"
    challenge = f'{REALM}, error="invalid_request", error_description="{detail}", scope="read write"'
    headers = [("authorization", token), ("authorization", token)]
    refused(get(route(served), headers=headers), challenge, status=400)
    assert upstream.received == []


@pytest.mark.parametrize("audience", [RESOURCE, RESOURCE.upper().replace("/SHOP-MCP/MCP", "/shop-mcp/mcp")])
def test_a_resource_in_capitals_is_the_same(
    server: AuthorizationServer, upstream: Upstream, tmp_path: Path, audience: str
) -> None:
    block = {
        "type": "oauth2",
        "authorizationServerUri": server.issuer,
        "resource": "HTTPS://Shop.example/shop-mcp/mcp",
        "audience": audience,
        "scopes": [],
    }
    with serving_guarded(tmp_path, upstream, block) as served:
        assert get_with(served, server.token()).is_success


def test_no_refusal_repeats_the_token(served: Served, server: AuthorizationServer) -> None:
    token = server.token(exp=1)
    answer = get_with(served, token)
    assert token not in answer.text + str(answer.headers)
    assert base64.b64encode(token.encode()).decode() not in answer.text
