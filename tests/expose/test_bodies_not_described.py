"""Operations that have a body of which the document says nothing: the caller's is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from naftiko_run import Settings, load
from support.documents import written
from support.mcp_client import call_tool
from support.server import Served, serving
from support.upstream import Upstream

DOCUMENT = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: up
    baseUri: http://127.0.0.1:1
    resources: [{path: '/items/{id}', operations: [{name: put, method: PUT}]}]
  exposes:
  - type: rest
    namespace: rest
    resources:
    - {path: '/items/{id}', operations: [{method: PUT, call: up.put}]}
    - {path: '/named/{id}', operations: [{method: PUT, call: up.put, inputParameters: [{name: label, in: body}]}]}
  - type: mcp
    namespace: mcp
    tools: [{name: put, call: up.put}]
"""


@pytest.fixture
def served(tmp_path: Path, upstream: Upstream) -> Iterator[Served]:
    with serving(
        written(tmp_path, DOCUMENT), settings=Settings({"up": upstream.url}, environment={})
    ) as served:
        yield served


@pytest.mark.parametrize("body", [b'{"a": 1}', b"[1, 2]", b'"text"', b"5"])
def test_any_json_that_a_rest_client_sends_goes_on(served: Served, upstream: Upstream, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    url = f"{served.url('rest')}/items/7?unknown=1"
    assert httpx.put(url, content=body, headers=headers).status_code == 200
    assert (upstream.only.target, upstream.only.body) == ("/items/7", body)


def test_where_an_input_is_a_field_of_the_body_that_is_an_object(served: Served, upstream: Upstream) -> None:
    url = f"{served.url('rest')}/named/7"
    assert httpx.put(url, json={"label": "x", "a": 1}).status_code == 200
    assert upstream.only.json == {"label": "x", "a": 1}
    answer = httpx.put(url, json=[1])
    assert answer.status_code == 400
    assert answer.json()["violations"][0]["pointer"] == "/body"
    assert len(upstream.received) == 1


def test_without_a_body_none_is_sent(served: Served, upstream: Upstream) -> None:
    assert httpx.put(f"{served.url('rest')}/items/7?unknown=1").status_code == 200
    assert upstream.only.body == b""
    assert upstream.only.header("content-type") == ""


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ({"id": "7", "body": {"a": 1}}, {"a": 1}),
        ({"id": "7", "a": 1, "b": [2]}, {"a": 1, "b": [2]}),
    ],
)
def test_a_tool_sends_its_body_or_the_arguments_that_nothing_else_takes(
    served: Served, upstream: Upstream, arguments: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert not call_tool(served.url("mcp"), "put", arguments).is_error
    assert (upstream.only.target, upstream.only.json) == ("/items/7", sent)


def test_a_tool_offers_the_body_as_an_optional_object(tmp_path: Path) -> None:
    schema = load(written(tmp_path, DOCUMENT), Settings(environment={})).function("mcp.put").input_schema
    assert schema["properties"]["body"]["type"] == "object"
    assert schema["required"] == ["id"]
