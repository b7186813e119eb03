"""Callers with a user name and a password (``basic``)."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx
import pytest

from support.guarded import get, post, refused, route, serving_guarded
from support.server import Served
from support.upstream import Upstream
from support.wire import problem

pytestmark = pytest.mark.usefixtures("upstream")  # what it answers is not what another test left

BLOCK = "{type: basic, username: '{{SHOP_USER}}', password: '{{SHOP_PASSWORD}}'}"
VALUES = {"SHOP_USER": "käthe", "SHOP_PASSWORD": "pass:wörd"}
CHALLENGE = 'Basic realm="shop-rest", charset="UTF-8"'


@pytest.fixture(scope="module")
def served(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_guarded(tmp_path_factory.mktemp("basic"), shared_upstream, BLOCK, VALUES) as served:
        yield served


def test_the_right_user_name_and_password_pass(served: Served, upstream: Upstream) -> None:
    answer = get(route(served), auth=httpx.BasicAuth("käthe", "pass:wörd"))
    assert answer.json() == {"ok": True}
    assert not upstream.only.header("authorization")


@pytest.mark.parametrize(
    ("user", "password"),
    [("käthe", ""), ("", "pass:wörd"), ("käthe", "Pass:wörd"), ("käthe:pass", "wörd2"), ("***", "***")],
)
def test_any_other_is_asked_for_them(served: Served, upstream: Upstream, user: str, password: str) -> None:
    told = refused(get(route(served), auth=httpx.BasicAuth(user, password)), CHALLENGE)
    assert told["type"] == "urn:naftiko:problem:unauthenticated"
    assert not upstream.received


def test_nobody_passes_without(served: Served, upstream: Upstream) -> None:
    refused(get(route(served)), CHALLENGE)
    answer = post(served.url("mcp"), json={})
    refused(answer, 'Basic realm="shop-mcp", charset="UTF-8"')
    assert not upstream.received


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff\xfe:").decode(),
        "Basic " + base64.b64encode("käthe".encode()).decode(),
        "Bearer " + base64.b64encode("käthe:pass:wörd".encode()).decode(),
        base64.b64encode("käthe:pass:wörd".encode()).decode(),
        "Basic " + "A" * 20_000,
    ],
)
def test_what_is_no_such_header_is_refused(served: Served, header: str) -> None:
    refused(get(route(served), headers={"authorization": header}), CHALLENGE)


def test_two_such_headers_are_refused_though_one_is_right(served: Served) -> None:
    right = httpx.BasicAuth("käthe", "pass:wörd")._auth_header
    headers = [("authorization", right), ("authorization", "Basic AAAA")]
    refused(get(route(served), headers=headers), CHALLENGE)


def test_the_scheme_may_be_written_in_any_case(served: Served) -> None:
    right = httpx.BasicAuth("käthe", "pass:wörd")._auth_header
    assert get(route(served), headers={"authorization": right.replace("Basic", "BASIC")}).is_success


@pytest.mark.parametrize("given", [{}, {"SHOP_USER": "käthe"}, {"SHOP_USER": "käthe", "SHOP_PASSWORD": ""}])
def test_without_the_password_nobody_passes_at_all(
    shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory, given: dict[str, str]
) -> None:
    with serving_guarded(tmp_path_factory.mktemp("basic"), shared_upstream, BLOCK, given) as served:
        told = problem(get(route(served), auth=httpx.BasicAuth("käthe", "")), 503)
    assert told["missing"] == sorted({*VALUES} - {name for name, value in given.items() if value})
