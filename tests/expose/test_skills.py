"""Skills over HTTP: the list, each skill, and the SKILL.md that is made from its tools."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml

from naftiko_run import Settings
from support.documents import written
from support.server import Served, serving
from support.wire import problem

DOCUMENT = """
naftiko: 1.0.0-alpha2
info: {label: Shop, description: Everything that a shop does}
capability:
  consumes:
  - type: http
    namespace: shop
    baseUri: https://shop.example
    resources:
    - path: /orders
      operations:
      - name: list-orders
        method: GET
        inputParameters:
        - {name: status, in: query, type: string, enum: [open, paid], description: "Only orders\\nof this status"}
        - {name: page, in: query, type: integer, default: 1}
      - {name: count-orders, method: GET}
    - path: /orders/{id}
      operations: [{name: get-order, method: GET, description: One order in full}]
  exposes:
  - type: skill
    namespace: shop-skills
    description: All skills of the shop
    skills:
    - name: orders
      description: "Orders: find them, read them."
      license: MIT
      compatibility: Needs the MCP server shop-tools
      metadata: {version: 1.0, author: me}
      allowed-tools: list-orders,count-orders
      location: file:///nowhere/orders
      tools:
      - {name: list-orders, description: Finds orders, from: {sourceNamespace: shop-tools, action: list-orders}}
      - {name: count, from: {sourceNamespace: shop-tools, action: count-orders}}
      - {name: read-order, from: {sourceNamespace: shop-api, action: get-order}}
      - {name: unknown, from: {sourceNamespace: shop-tools, action: nothing}}
      - {name: broken, from: {sourceNamespace: shop-tools, action: broken}}
      - {name: read-me, instruction: read.md}
    - name: quiet
      argument-hint: "[order]"
      user-invocable: false
      disable-model-invocation: true
    - name: hopeless
      description: Has one tool, which is not served
      tools: [{name: only, from: {sourceNamespace: shop-tools, action: broken}}]
  - type: mcp
    namespace: shop-tools
    tools:
    - {name: list-orders, call: shop.list-orders}
    - {name: count-orders, description: How many there are, call: shop.count-orders}
    - {name: broken, call: shop.nothing}
  - type: rest
    namespace: shop-api
    resources:
    - path: /shop/{id}
      operations: [{name: get-order, method: GET, description: One order, call: shop.get-order}]
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    document = written(tmp_path_factory.mktemp("skills"), DOCUMENT)
    with serving(document, settings=Settings(sandbox=True)) as served:
        yield served


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.origin("skill")) as client:
        yield client


def parts_of(skill_file: str) -> tuple[dict[str, Any], str]:
    """Give the front matter and the body of a SKILL.md."""
    empty, head, body = skill_file.split("---\n", 2)
    assert not empty
    matter: dict[str, Any] = yaml.safe_load(head)
    return matter, body


def test_the_list_names_each_skill_and_its_tools(client: httpx.Client) -> None:
    answer = client.get("/skills")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "count": 2,
        "skills": [
            {
                "name": "orders",
                "description": "Orders: find them, read them.",
                "license": "MIT",
                "tools": ["list-orders", "count", "read-order"],
            },
            {"name": "quiet", "description": "All skills of the shop", "tools": []},
        ],
    }


def test_a_skill_says_where_each_tool_is_called(client: httpx.Client) -> None:
    assert client.get("/skills/orders").json() == {
        "name": "orders",
        "description": "Orders: find them, read them.",
        "license": "MIT",
        "compatibility": "Needs the MCP server shop-tools",
        "metadata": {"version": "1.0", "author": "me"},
        "allowed-tools": "list-orders count-orders",
        "user-invocable": True,
        "disable-model-invocation": False,
        "tools": [
            {
                "name": "list-orders",
                "description": "Finds orders",
                "type": "derived",
                "invocationRef": {
                    "targetNamespace": "shop-tools",
                    "action": "list-orders",
                    "mode": "mcp",
                },
            },
            {
                "name": "count",
                "description": "How many there are",
                "type": "derived",
                "invocationRef": {
                    "targetNamespace": "shop-tools",
                    "action": "count-orders",
                    "mode": "mcp",
                },
            },
            {
                "name": "read-order",
                "description": "One order",
                "type": "derived",
                "invocationRef": {"targetNamespace": "shop-api", "action": "get-order", "mode": "rest"},
            },
        ],
    }


def test_the_catalogue_has_a_path_of_its_own_too(client: httpx.Client) -> None:
    for below in ("", "/orders", "/orders/contents", "/orders/contents/SKILL.md", "/orders/download"):
        own, shared = client.get(f"/shop-skills/skills{below}"), client.get(f"/skills{below}")
        assert own.status_code == 200
        assert own.content == shared.content


def test_a_skill_file_is_made_from_the_tools(client: httpx.Client) -> None:
    answer = client.get("/skills/orders/contents/SKILL.md")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    matter, body = parts_of(answer.text)
    assert matter == {
        "name": "orders",
        "description": "Orders: find them, read them.",
        "license": "MIT",
        "compatibility": "Needs the MCP server shop-tools",
        "metadata": {"version": "1.0", "author": "me"},
        "allowed-tools": "list-orders count-orders",
    }
    assert (
        body
        == """
# orders

Orders: find them, read them.

## Tools

### list-orders

Finds orders

Call the tool `list-orders` of the MCP server `shop-tools`.

Inputs:

- `status` (string, one of `"open"` or `"paid"`): Only orders of this status
- `page` (integer, by default `1`)

### count

How many there are

Call the tool `count-orders` of the MCP server `shop-tools`.

It takes no inputs.

### read-order

One order

Send `GET /shop/{id}` to the REST API `shop-api`.

Inputs:

- `id` (string, in path, required)
"""
    )
    assert client.get("/skills/orders/contents").json() == {
        "name": "orders",
        "files": [{"path": "SKILL.md", "size": len(answer.content), "type": "text/markdown"}],
    }


def test_a_skill_file_says_who_may_use_it_only_where_the_document_does(client: httpx.Client) -> None:
    matter, body = parts_of(client.get("/skills/quiet/contents/SKILL.md").text)
    assert matter == {
        "name": "quiet",
        "description": "All skills of the shop",
        "argument-hint": "[order]",
        "user-invocable": False,
        "disable-model-invocation": True,
    }
    assert "Tools" not in body


@pytest.mark.parametrize("path", ["/skills/none", "/skills/none/download", "/skills/none/contents/SKILL.md"])
def test_an_unknown_skill_is_a_problem_that_names_the_others(client: httpx.Client, path: str) -> None:
    told = problem(client.get(path), 404)
    assert told["detail"] == "There is no skill `none`; available skills: orders, quiet"


def test_a_skill_that_was_left_out_says_why(client: httpx.Client) -> None:
    told = problem(client.get("/skills/hopeless"), 501)
    assert told["detail"] == "The skill `hopeless` cannot be served: none of its tools can be used"


def test_what_is_left_out_is_told_when_the_document_is_loaded(served: Served) -> None:
    (capability,) = served.capabilities
    found = {each.message: each.code for each in capability.diagnostics}
    broken = "it is `shop-tools.broken`, which is not served: it calls `shop.nothing`, but `shop` has no operation `nothing`"
    assert found[f"`orders.broken` is not served: {broken}"] == "not-runnable"
    assert found[f"`hopeless.only` is not served: {broken}"] == "not-runnable"
    assert found["the skill `hopeless` is not served: none of its tools can be used"] == "not-runnable"
    assert (
        found[
            "`orders.unknown` is not served: `shop-tools` exposes no `nothing`; known: list-orders, count-orders, broken"
        ]
        == "unknown-source"
    )
    (away,) = [each for each in capability.diagnostics if each.code == "missing-location"]
    assert not away.is_error
    assert away.message.endswith("`file:///nowhere/orders` does not exist; looked for `/nowhere/orders`")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_only_get_is_answered(client: httpx.Client, method: str) -> None:
    answer = client.request(method, "/skills/orders")
    problem(answer, 405)
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", ["/skills", "/skills/orders", "/skills/orders/download"])
def test_head_has_the_headers_of_get(client: httpx.Client, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]
    assert head.headers["etag"] == get.headers["etag"]


def test_two_catalogues_share_a_port(tmp_path: Path) -> None:
    documents = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        skills = f"[{{name: s, description: {name}}}]"
        text = f"capability: {{exposes: [{{type: skill, namespace: {name}, skills: {skills}}}]}}"
        documents.append(written(folder, text))
    with serving(*documents, settings=Settings()) as served:
        assert served.urls("skill") == [f"{served.origin('skill')}/{name}/skills" for name in ("one", "two")]
        for name in ("one", "two"):
            listed = httpx.get(f"{served.origin('skill')}/{name}/skills").json()
            assert listed["skills"][0]["description"] == name
        problem(httpx.get(f"{served.origin('skill')}/skills"), 404)


def test_names_may_be_anything_that_a_url_can_hold(tmp_path: Path) -> None:
    document = written(
        tmp_path,
        "capability: {exposes: [{type: skill, skills: [{name: 'Über a/b', description: '日本: 50% \"x\"'}]}]}",
    )
    with (
        serving(document, settings=Settings()) as served,
        httpx.Client(base_url=served.url("skill")) as client,
    ):
        path = f"{served.url('skill')}/%C3%9Cber%20a%2Fb"
        assert client.get(path).json()["name"] == "Über a/b"
        matter, _ = parts_of(client.get(f"{path}/contents/SKILL.md").text)
        assert matter == {"name": "Über a/b", "description": '日本: 50% "x"'}
        assert (
            client.get(f"{path}/download").headers["content-disposition"]
            == 'attachment; filename="-ber-a-b.zip"'
        )
        connection = http.client.HTTPConnection(urlsplit(served.origin("skill")).netloc)
        connection.request("GET", "/skills/a/b")
        assert connection.getresponse().status == 404
        connection.close()


def test_a_guarded_catalogue_asks_for_credentials_at_every_path(tmp_path: Path) -> None:
    document = written(
        tmp_path,
        "binds: [{namespace: env, keys: {TOKEN: TOKEN}}]\n"
        "capability: {exposes: [{type: skill, authentication: {type: bearer, token: '{{env.TOKEN}}'},"
        " skills: [{name: s, description: d}]}]}",
    )
    with serving(document, settings=Settings(environment={"TOKEN": "t0ken"})) as served:
        for root in (served.url("skill"), f"{served.origin('skill')}/capability/skills"):
            for path in ("", "/s", "/s/download", "/s/contents", "/s/contents/SKILL.md"):
                assert httpx.get(f"{root}{path}").status_code == 401
                known = httpx.get(f"{root}{path}", headers={"Authorization": "Bearer t0ken"})
                assert known.status_code == 200
