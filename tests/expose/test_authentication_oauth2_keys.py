"""Where the keys of an authorization server come from, and what happens when they change or cannot be had."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from naftiko_run.expose.authentication.authorization_server import AuthorizationServer as Client
from naftiko_run.expose.authentication.authorization_server import KeySet
from naftiko_run.expose.problems import Problem
from support.authorization import RESOURCE, AuthorizationServer, authorization_server
from support.guarded import bearing, get, route, serving_guarded
from support.server import Served
from support.upstream import Upstream
from support.wire import problem

NEW_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with authorization_server() as server:
        yield server


@contextmanager
def guarded_by(server: AuthorizationServer, upstream: Upstream, folder: Path) -> Iterator[Served]:
    block = {"type": "oauth2", "authorizationServerUri": server.issuer, "resource": RESOURCE}
    with serving_guarded(folder, upstream, block) as served:
        yield served


def status(served: Served, token: str) -> int:
    return get(route(served), headers=bearing(token)).status_code


def test_the_server_is_asked_once_for_many_tokens(
    server: AuthorizationServer, upstream: Upstream, tmp_path: Path
) -> None:
    with guarded_by(server, upstream, tmp_path) as served:
        assert [status(served, server.token()) for _ in range(3)] == [200] * 3
    assert len(server.asked("/keys")) == 1


def test_nobody_is_asked_before_a_token_comes(
    server: AuthorizationServer, upstream: Upstream, tmp_path: Path
) -> None:
    with guarded_by(server, upstream, tmp_path) as served:
        assert get(route(served)).status_code == 401
        assert status(served, "nonsense") == 401
    assert not server.upstream.received


def test_a_new_key_is_known_as_soon_as_it_signs(
    server: AuthorizationServer, upstream: Upstream, tmp_path: Path
) -> None:
    with guarded_by(server, upstream, tmp_path) as served:
        old = server.token()
        assert status(served, old) == 200
        server.keys = {"second": NEW_KEY}
        assert status(served, server.token("second")) == 200
        assert status(served, old) == 401  # the key was taken back


def test_whoever_comes_with_a_new_key_waits_for_the_one_answer(server: AuthorizationServer) -> None:
    async def use() -> None:
        async with aclosing(Client(server.issuer)) as client, KeySet(client).running() as keys:
            assert await keys.find("first", "RS256")
            server.keys = {"second": NEW_KEY}
            assert all(await asyncio.gather(*(keys.find("second", "RS256") for _ in range(5))))

    asyncio.run(use())
    assert len(server.asked("/keys")) == 2


def test_unknown_key_ids_do_not_make_us_ask_again_and_again(
    server: AuthorizationServer, upstream: Upstream, tmp_path: Path
) -> None:
    with guarded_by(server, upstream, tmp_path) as served:
        for number in range(20):
            assert status(served, server.token(header={"kid": f"made-up-{number}"})) == 401
        assert status(served, server.token()) == 200
    assert len(server.asked("/keys")) == 2


@pytest.mark.parametrize(
    "well_known",
    [
        "/.well-known/oauth-authorization-server/realms/shop",
        "/.well-known/openid-configuration/realms/shop",
        "/realms/shop/.well-known/openid-configuration",
        "/realms/shop/.well-known/oauth-authorization-server",
    ],
)
def test_metadata_is_found_wherever_servers_put_it(
    upstream: Upstream, tmp_path: Path, well_known: str
) -> None:
    with authorization_server("/realms/shop") as server, guarded_by(server, upstream, tmp_path) as served:
        server.metadata_path = well_known
        assert status(served, server.token()) == 200


def test_while_the_server_is_down_at_first_nobody_passes_and_then_everyone_may(
    server: AuthorizationServer, upstream: Upstream, tmp_path: Path
) -> None:
    server.is_down = True
    with guarded_by(server, upstream, tmp_path) as served:
        answer = get(route(served), headers=bearing(server.token()))
        assert problem(answer, 503)["type"] == "urn:naftiko:problem:authorization-server-unreachable"
        assert answer.headers["retry-after"] == "5"
        assert server.issuer not in answer.text
    assert not upstream.received


def test_metadata_of_another_issuer_is_not_used(
    server: AuthorizationServer, upstream: Upstream, tmp_path: Path
) -> None:
    server.metadata_issuer = "https://elsewhere.example"
    with guarded_by(server, upstream, tmp_path) as served:
        assert status(served, server.token()) == 503
    assert not server.asked("/keys")


@pytest.mark.parametrize("members", [{"use": "enc"}, {"kty": "oct", "k": "AAAA"}, {"alg": "HS256"}, {"n": 5}])
def test_a_key_that_is_not_for_signatures_is_passed_over(
    server: AuthorizationServer, upstream: Upstream, tmp_path: Path, members: dict[str, object]
) -> None:
    server.key_members = members
    with guarded_by(server, upstream, tmp_path) as served:
        assert status(served, server.token()) == 503


def test_keys_are_renewed_and_the_last_ones_stay_while_the_server_is_down(
    server: AuthorizationServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def use() -> None:
        async with aclosing(Client(server.issuer)) as client, KeySet(client, 0).running() as keys:
            assert await keys.find("first", "RS256")
            server.is_down = True
            assert await keys.find("first", "RS256")  # and asks anew, beside
            await keys._fetched()
            assert await keys.find("first", "RS256")

    asyncio.run(use())
    assert f"the keys of {server.issuer} could not be renewed" in caplog.text


def test_a_server_that_answers_nonsense_is_one_that_does_not_answer(
    upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    async def use() -> None:
        for issuer in (upstream.url, "http://127.0.0.1:1", "http://no host", "ftp://x"):
            async with aclosing(Client(issuer)) as client, KeySet(client).running() as keys:
                with pytest.raises(Problem) as failed:
                    await keys.find("first", "RS256")
                assert failed.value.status == 503

    upstream.answers_json(["no metadata"])
    asyncio.run(use())
    assert "did not return a JSON object" in caplog.text
