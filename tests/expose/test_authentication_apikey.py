"""Callers with keys, in headers, the query or cookies (``apikey``)."""

from __future__ import annotations

from pathlib import Path

import pytest

from naftiko_run import Settings
from support.documents import written
from support.guarded import INITIALIZE, get, post, refused, route, serving_guarded
from support.server import serving
from support.upstream import Upstream

KEY = {"SHOP_KEY": "k&y 1/2"}


@pytest.mark.parametrize("placement", ["", ", placement: header", ", in: header"])
def test_a_key_in_a_header(tmp_path: Path, upstream: Upstream, placement: str) -> None:
    block = f"{{type: apikey, key: X-Shop-Key, value: '{{{{SHOP_KEY}}}}'{placement}}}"
    challenge = 'ApiKey realm="shop-rest", in="header", name="X-Shop-Key"'
    with serving_guarded(tmp_path, upstream, block, KEY) as served:
        assert get(route(served), headers={"x-shop-key": "k&y 1/2"}).json() == {"ok": True}
        assert post(served.url("mcp"), json=INITIALIZE, headers={"x-shop-key": "k&y 1/2"}).is_success
        for headers in ({}, {"x-shop-key": ""}, {"x-shop-key": "k&y"}, {"authorization": "k&y 1/2"}):
            refused(get(route(served), headers=headers), challenge)
        twice = [("x-shop-key", "k&y 1/2"), ("x-shop-key", "x")]
        refused(get(route(served), headers=twice), challenge)


def test_a_key_in_the_query(tmp_path: Path, upstream: Upstream) -> None:
    block = "{type: apikey, key: api key, value: '{{SHOP_KEY}}', placement: query}"
    challenge = 'ApiKey realm="shop-rest", in="query", name="api key"'
    with serving_guarded(tmp_path, upstream, block, KEY) as served:
        assert get(route(served), params={"api key": "k&y 1/2"}).json() == {"ok": True}
        assert get(f"{route(served)}?q=1&api+key=k%26y+1%2F2&r=2").is_success
        for query in ("", "api+key=", "api+key", "api+key=k", "api+key=k%26y+1%2F2&api+key=x", "api%20kex=1"):
            refused(get(f"{route(served)}?{query}"), challenge)


def test_a_key_in_the_query_is_not_passed_on(tmp_path: Path, upstream: Upstream) -> None:
    text = f"""\
naftiko: 1.0.0-alpha2
info: {{label: Shop}}
capability:
  consumes:
  - type: http
    namespace: shop
    baseUri: {upstream.url}
    resources:
    - path: /items
      operations:
      - name: list
        method: GET
        inputParameters: [{{name: key, in: query, type: string}}, {{name: q, in: query, type: string}}]
  exposes:
  - type: rest
    namespace: shop-rest
    authentication: {{type: apikey, key: key, value: '{{{{SHOP_KEY}}}}', placement: query}}
    resources:
    - path: /items
      operations: [{{method: GET, name: list, call: shop.list}}]
"""
    with serving(written(tmp_path, text), settings=Settings(environment=KEY)) as served:
        url = f"{served.url('rest')}/items"
        assert get(url, params={"q": "a&b", "key": "k&y 1/2"}).is_success
    assert upstream.only.query == "q=a%26b"


def test_a_key_in_a_cookie(tmp_path: Path, upstream: Upstream) -> None:
    block = "{type: apikey, key: shop_key, value: '{{SHOP_KEY}}', placement: cookie}"
    challenge = 'ApiKey realm="shop-rest", in="cookie", name="shop_key"'
    with serving_guarded(tmp_path, upstream, block, {"SHOP_KEY": "k1"}) as served:
        for cookie in ("shop_key=k1", 'a=b; shop_key="k1"; c=d'):
            assert get(route(served), headers={"cookie": cookie}).json() == {"ok": True}
        for cookie in (
            "",
            "shop_key",
            "shop_key=",
            "shop_key=k2",
            "xshop_key=k1",
            "shop_key=k1; shop_key=k2",
        ):
            refused(get(route(served), headers={"cookie": cookie}), challenge)


def test_of_several_keys_all_are_asked_for(tmp_path: Path, upstream: Upstream) -> None:
    block = "{type: apikey, headers: {X-App: app-1, X-Key: '{{SHOP_KEY}}'}}"
    challenges = [f'ApiKey realm="shop-rest", in="header", name="{name}"' for name in ("X-App", "X-Key")]
    with serving_guarded(tmp_path, upstream, block, {"SHOP_KEY": "k1"}) as served:
        assert get(route(served), headers={"x-app": "app-1", "x-key": "k1"}).is_success
        for headers in ({"x-app": "app-1"}, {"x-key": "k1"}, {"x-app": "k1", "x-key": "app-1"}):
            refused(get(route(served), headers=headers), *challenges)
