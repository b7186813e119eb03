"""Values of callers in the path of a real nginx, which decodes a path before it removes dot segments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError

from naftiko_run import Settings
from nginx.conftest import StartNginx
from support.mcp_client import call_tool, with_client
from support.server import Served, serving

HTTP = """
server {
    listen 127.0.0.1:@port;
    location /users/ { return 200 "user $uri"; }
    location / { return 200 "outside $uri $http_authorization"; }
}
server { listen 127.0.0.1:@port2; location /users/ { proxy_pass http://127.0.0.1:@port/users/; } }
"""
DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: up
    baseUri: "{url}"
    authentication: {{type: bearer, token: t0ken}}
    resources:
    - {{path: "/users/{{id}}", operations: [{{name: user, method: GET, outputRawFormat: text}}]}}
    - {{path: "/users/a/.{{id}}", operations: [{{name: hidden, method: GET, outputRawFormat: text}}]}}
    - {{path: "/users/a/{{a}}{{b}}/x", operations: [{{name: pair, method: GET, outputRawFormat: text}}]}}
  - {{type: http, namespace: below, baseUri: "{url}/users", resources: []}}
  exposes:
  - type: rest
    namespace: r
    resources:
    - {{path: "/users/{{id}}", operations: [{{method: GET, name: user, call: up.user}}]}}
    - {{path: "/hidden/{{id}}", operations: [{{method: GET, name: hidden, call: up.hidden}}]}}
    - {{path: "/pair/{{a}}/{{b}}", operations: [{{method: GET, name: pair, call: up.pair}}]}}
    - {{path: "/below/{{path}}", forward: {{targetNamespace: below}}}}
  - type: mcp
    namespace: m
    tools: [{{name: user, description: A user, call: up.user}}]
    resources: [{{name: user, uri: "users://{{id}}", call: up.user}}]
"""
CLIMBING = [
    "..",
    "../admin",
    "../../admin",
    "a/../../admin",
    "a/../b",
    "./a",
    "..\\..\\admin",
    "%2e%2e/admin",
    "%2e%2e%2fadmin",
    "%252e%252e%252fadmin",
    "..%5cadmin",
    "..;/admin",
    "a\0b",
    "a\r\nb",
]
HARMLESS = ["v1.2", "...", "a..b", "..hidden", ".well-known", "a/b", "a b", "100%", "ü", "a?b#c", "a;b"]


@pytest.fixture(scope="module", params=["@port", "@port2"])
def served(
    request: pytest.FixtureRequest, start_nginx: StartNginx, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    file: Path = tmp_path_factory.mktemp("paths") / "document.yaml"
    file.write_text(DOCUMENT.format(url=start_nginx(HTTP).url(request.param)), encoding="utf-8")
    with serving(file, settings=Settings(environment={})) as served:
        yield served


@pytest.mark.parametrize("value", CLIMBING)
def test_no_value_of_a_request_leaves_its_segment(served: Served, value: str) -> None:
    answer = httpx.get(f"{served.origin('rest')}/users/{quote(value, safe='').replace('.', '%2E')}")
    assert (answer.status_code, [each["pointer"] for each in answer.json()["violations"]]) == (400, ["/id"])


@pytest.mark.parametrize("value", CLIMBING)
def test_no_argument_leaves_its_segment(served: Served, value: str) -> None:
    result = call_tool(served.url("mcp"), "user", {"id": value})
    assert result.is_error
    assert "/id" in str(result.content)


@pytest.mark.parametrize("value", CLIMBING[1:4])
def test_no_uri_of_a_resource_leaves_its_segment(served: Served, value: str) -> None:
    async def use(client: Client) -> str:
        try:
            return str(await client.read_resource(f"users://{quote(value, safe='')}"))
        except MCPError as fault:
            return fault.error.message

    assert "/id cannot make a path segment" in with_client(served.url("mcp"), "auto", use)


@pytest.mark.parametrize(
    "path",
    ["..%2fadmin", "a%2f..%2f..%2fadmin", "%2e%2e%2fadmin", "..%5cadmin", "%252e%252e%252fadmin", "a/..;/b"],
)
def test_no_path_of_a_forward_leaves_its_base(served: Served, path: str) -> None:
    answer = httpx.get(f"{served.origin('rest')}/below/{path}")
    assert (answer.status_code, [each["pointer"] for each in answer.json()["violations"]]) == (400, ["/path"])


@pytest.mark.parametrize("path", ["/hidden/.", "/hidden/.%2f..%2fadmin", "/pair/./.", "/pair/.%2f/.."])
def test_no_value_leaves_its_segment_with_the_text_around_it(served: Served, path: str) -> None:
    with httpx.Client() as client:
        request = client.build_request("GET", served.origin("rest"))
        request.url = request.url.copy_with(raw_path=path.replace("/.", "/%2e").encode())
        answer = client.send(request)
    assert answer.status_code == 400


@pytest.mark.parametrize("value", HARMLESS)
def test_harmless_values_arrive_in_their_place(served: Served, value: str) -> None:
    answer = httpx.get(f"{served.origin('rest')}/users/{quote(value, safe='')}")
    assert (answer.status_code, answer.text) == (200, f"user /users/{value}")
