"""Callers with tokens that only the authorization server understands (RFC 7662)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.authorization import RESOURCE, AuthorizationServer, authorization_server, timed
from support.guarded import bearing, get, refused, route, serving_guarded
from support.server import Served
from support.upstream import Upstream
from support.wire import problem

GOOD = {"active": True, "scope": "read write", "aud": RESOURCE}


def block(server: AuthorizationServer, **more: Any) -> dict[str, Any]:
    return {
        "type": "oauth2",
        "authorizationServerUri": server.issuer,
        "resource": RESOURCE,
        "tokenValidation": "introspection",
        "scopes": ["read"],
        **more,
    }


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with authorization_server() as server:
        yield server


@pytest.fixture
def served(server: AuthorizationServer, upstream: Upstream, tmp_path: Path) -> Iterator[Served]:
    with serving_guarded(tmp_path, upstream, block(server)) as served:
        yield served


def get_with(served: Served, token: str) -> httpx.Response:
    return get(route(served), headers=bearing(token))


def test_an_active_token_passes_and_is_asked_about_once(server: AuthorizationServer, served: Served) -> None:
    server.answers["opaque-1"] = GOOD
    assert [get_with(served, "opaque-1").status_code for _ in range(3)] == [200] * 3
    (asked,) = server.asked("/introspect")
    assert asked.body == b"token=opaque-1&token_type_hint=access_token"
    assert not asked.header("authorization")


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["x", RESOURCE]},
        {"exp": timedelta(seconds=60)},
        {"scope": None, "scp": ["read"]},
    ],
)
def test_what_an_answer_leaves_out_is_not_asked_for(
    server: AuthorizationServer, served: Served, changes: dict[str, Any]
) -> None:
    server.answers["opaque-1"] = timed({**GOOD, **changes})
    assert get_with(served, "opaque-1").status_code == 200


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({}, "The token is not active"),
        ({**GOOD, "active": False}, "The token is not active"),
        ({**GOOD, "active": "true"}, "The token is not active"),
        ({**GOOD, "exp": timedelta(seconds=-1)}, "The token has expired"),
        ({**GOOD, "iss": "https://elsewhere.example"}, "The token is from another issuer"),
        ({**GOOD, "aud": "https://other.example"}, "The token is for another audience"),
        ({**GOOD, "aud": 5}, "The token is for another audience"),
        ({**GOOD, "aud": None}, "The token is for another audience"),
    ],
)
def test_any_other_token_is_refused(
    server: AuthorizationServer, served: Served, upstream: Upstream, answer: dict[str, Any], reason: str
) -> None:
    server.answers["opaque-1"] = timed(answer)
    challenge = f'error="invalid_token", error_description="{reason}", scope="read"'
    refused(get_with(served, "opaque-1"), f'Bearer realm="shop-rest", {challenge}')
    assert not upstream.received


def test_a_token_without_the_scope_is_forbidden(server: AuthorizationServer, served: Served) -> None:
    server.answers["opaque-1"] = {**GOOD, "scope": "write"}
    assert problem(get_with(served, "opaque-1"), 403)


def test_an_audience_that_the_document_names_takes_the_place_of_the_resource(
    server: AuthorizationServer, upstream: Upstream, tmp_path: Path
) -> None:
    server.answers = {
        "resource": {"active": True, "scope": "read", "aud": RESOURCE},
        "right": {"active": True, "scope": "read", "aud": "shop"},
    }
    with serving_guarded(tmp_path, upstream, block(server, audience="shop")) as served:
        assert get_with(served, "resource").status_code == 401
        assert get_with(served, "right").status_code == 200


def test_the_server_is_asked_with_our_own_credentials(
    server: AuthorizationServer, upstream: Upstream, tmp_path: Path
) -> None:
    server.answers["opaque-1"] = GOOD
    asking = block(server, clientId="shop", clientSecret="{{SHOP_SECRET}}")
    with serving_guarded(tmp_path, upstream, asking, {"SHOP_SECRET": "s: 1"}) as served:
        assert get_with(served, "opaque-1").status_code == 200
    expected = base64.b64encode(b"shop:s%3A+1").decode()
    assert server.asked("/introspect")[0].header("authorization") == f"Basic {expected}"


def test_nobody_passes_while_the_server_cannot_be_asked(
    server: AuthorizationServer, served: Served, upstream: Upstream
) -> None:
    server.answers["opaque-1"] = server.answers["opaque-2"] = GOOD
    assert get_with(served, "opaque-1").status_code == 200
    server.is_down = True
    upstream.reset()
    assert problem(get_with(served, "opaque-2"), 503)
    assert not upstream.received
    server.is_down = False
    assert get_with(served, "opaque-2").status_code == 200


def test_an_answer_that_is_too_large_is_none(
    server: AuthorizationServer, served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    server.answers["opaque-1"] = {**GOOD, "padding": "x" * 4_200_000}
    assert get_with(served, "opaque-1").status_code == 503
    assert "returned more than 4,194,304 bytes" in caplog.text
