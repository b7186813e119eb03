"""The app below a path of another app: routes, and every URL that it gives out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

import naftiko_run
from asgi.conftest import CALL, HEADERS
from naftiko_run import Capability, Settings, load
from support.asgi_client import client_of, get
from support.documents import small, written
from support.mcp_client import run_async
from support.upstream import Upstream

RESOURCE = re.compile(r'resource_metadata="https://shop\.example([^"]*)"')


@pytest.fixture
def client(capability: Capability) -> Iterator[TestClient]:
    api = FastAPI()
    api.mount("/v1/shop", naftiko_run.asgi(capability))
    with TestClient(api, base_url="https://shop.example") as client:
        yield client


def test_every_adapter_answers_below_the_path(client: TestClient, upstream: Upstream) -> None:
    assert client.get("/v1/shop/items/7").json() == {"ok": True}
    assert upstream.received[-1].target == "/items/7"
    called = client.post("/v1/shop/shop-mcp/mcp", json=CALL, headers=HEADERS).json()
    assert called["result"]["structuredContent"] == {"ok": True}
    assert client.get("/v1/shop/skills/orders").json()["name"] == "orders"
    assert client.get("/v1/shop/nothing").status_code == 404
    assert client.get("/items").status_code == 404


@pytest.mark.parametrize("below", ["items", "a%2Fb/c%20d", ""])
def test_a_forward_takes_what_follows_its_own_path(
    client: TestClient, upstream: Upstream, below: str
) -> None:
    assert client.get(f"/v1/shop/all/{below}?q=1").status_code == 200
    assert upstream.only.target.rstrip("/") == f"/{below}?q=1".rstrip("/")


def test_the_metadata_is_found_at_the_url_of_the_challenge(client: TestClient) -> None:
    refused = client.post("/v1/shop/staff-mcp/mcp", json=CALL, headers=HEADERS)
    assert refused.status_code == 401
    found = RESOURCE.search(refused.headers["www-authenticate"])
    assert found is not None
    assert found[1].startswith("/v1/shop/")
    assert client.get(found[1]).json()["resource"] == "https://shop.example/staff"


def test_a_digest_is_of_the_path_that_the_client_asks_for(tmp_path: Path) -> None:
    text = small("shop", rest="authentication: {type: digest, username: someone, password: s3cret}")
    api = FastAPI()
    api.mount("/v1/shop", naftiko_run.asgi(load(written(tmp_path, text), Settings(sandbox=True))))
    client = TestClient(api, base_url="https://shop.example")

    def send(request: httpx.Request) -> httpx.Response:
        answer = client.request(request.method, str(request.url), headers=dict(request.headers))
        return httpx.Response(answer.status_code, headers=dict(answer.headers), content=answer.content)

    digest = httpx.DigestAuth("someone", "s3cret")
    with httpx.Client(transport=httpx.MockTransport(send), auth=digest) as digesting:
        assert digesting.get("https://shop.example/v1/shop/things").status_code == 200


def test_a_path_that_repeats_the_place_of_the_app_is_none_of_its_routes(capability: Capability) -> None:
    app = naftiko_run.asgi(capability)
    assert get(app, "/items/items", root_path="/items").status_code == 200
    assert get(app, "/items", root_path="/items").status_code == 404


@pytest.mark.parametrize("path", ["/v1/shop/items/7", "/items/7"])
def test_a_server_may_leave_the_root_path_in_the_path_or_take_it_out(
    capability: Capability, upstream: Upstream, path: str
) -> None:
    app = naftiko_run.asgi(capability)
    assert get(app, path, root_path="/v1/shop").status_code == 200
    assert upstream.only.target == "/items/7"


def test_routes_with_a_prefix_are_mounted_too(capability: Capability, upstream: Upstream) -> None:
    serving = naftiko_run.ServeSettings(prefix_routes=True)
    app = naftiko_run.asgi(capability, adapter="shop-rest", serving=serving)

    async def session() -> None:
        async with client_of(app, root_path="/v1") as client:
            assert (await client.get("/v1/shop-rest/all/a%2Fb")).status_code == 200
            assert (await client.get("/v1/all/items")).status_code == 404

    run_async(session)
    assert upstream.only.target == "/a%2Fb"
