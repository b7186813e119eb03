"""Callers with one token that does not change (``bearer``)."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import mcp_types as types
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from support.guarded import INITIALIZE, bearing, get, post, refused, route, serving_guarded
from support.mcp_client import ERAS, run_async
from support.server import Served
from support.upstream import Upstream
from support.wire import connected

pytestmark = pytest.mark.usefixtures("upstream")  # what it answers is not what another test left

BLOCK = "{type: bearer, token: '{{env.SHOP_TOKEN}}'}"
TOKEN = "t0ken-of-the-shop"


@pytest.fixture(scope="module")
def served(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    environment = {"SHOP_TOKEN": TOKEN}
    with serving_guarded(tmp_path_factory.mktemp("bearer"), shared_upstream, BLOCK, environment) as served:
        yield served


@pytest.mark.parametrize("mode", ERAS)
def test_an_mcp_client_with_the_token_calls_tools(served: Served, upstream: Upstream, mode: str) -> None:
    async def use() -> types.CallToolResult:
        async with (
            httpx2.AsyncClient(headers=bearing(TOKEN)) as http,
            Client(streamable_http_client(served.url("mcp"), http_client=http), mode=mode) as client,
        ):
            return await client.call_tool("shop-tool")

    assert run_async(use).structured_content == {"ok": True}
    assert not upstream.only.header("authorization")


def test_a_client_of_the_api_passes_with_the_token(served: Served) -> None:
    assert get(route(served), headers=bearing(TOKEN)).json() == {"ok": True}


def test_who_brings_no_token_is_asked_for_one(served: Served, upstream: Upstream) -> None:
    refused(get(route(served)), 'Bearer realm="shop-rest"')
    refused(post(served.url("mcp"), json=INITIALIZE), 'Bearer realm="shop-mcp"')
    assert not upstream.received


@pytest.mark.parametrize("token", ["x", TOKEN[:-1], TOKEN + "x", "***", "{{env.SHOP_TOKEN}}", "ü"])
def test_a_wrong_token_is_called_invalid(served: Served, upstream: Upstream, token: str) -> None:
    answer = get(route(served), headers={"authorization": f"Bearer {token}".encode()})
    reason = 'error="invalid_token", error_description="The token is not valid"'
    refused(answer, f'Bearer realm="shop-rest", {reason}')
    assert TOKEN not in answer.text
    assert not upstream.received


def test_the_token_may_be_written_with_its_scheme(
    shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> None:
    block = "{type: bearer, token: 'Bearer {{SHOP_TOKEN}}'}"
    environment = {"SHOP_TOKEN": TOKEN}
    with serving_guarded(tmp_path_factory.mktemp("bearer"), shared_upstream, block, environment) as served:
        assert get(route(served), headers=bearing(TOKEN)).is_success
        assert get(route(served), headers=bearing(f"Bearer {TOKEN}")).status_code == 401


def test_a_refused_request_is_answered_before_its_body_comes(served: Served) -> None:
    head = b"POST /shop-mcp/mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    with connected(served.url("mcp")) as connection:
        connection.sendall(head + b"content-length: 1000000\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")
