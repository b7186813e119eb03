"""``--read-only``: only what is hinted or known to change nothing is served."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings, load
from support.documents import small, written
from support.mcp_client import call_tool, error_of_call, list_tools
from support.process import started
from support.server import Served, serving
from support.upstream import Upstream
from support.wire import problem

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: https://api.example
    resources:
    - path: /items
      operations:
      - {name: look, method: GET}
      - {name: change, method: POST}
      - {name: query, method: POST}
      - {name: log-out, method: GET}
  aggregates:
  - namespace: lib
    functions:
    - {name: search, semantics: {safe: true}, call: api.query}
    - {name: touch, semantics: {safe: false}, call: api.look}
    - {name: alter, call: api.change}
  exposes:
  - type: rest
    namespace: r
    resources:
    - path: /items
      operations:
      - {name: look, method: GET, call: api.look}
      - {name: change, method: POST, call: api.change}
    - {path: /search, operations: [{name: search, method: POST, ref: lib.search}]}
    - {path: /touch, operations: [{name: touch, method: GET, ref: lib.touch}]}
    - path: /both
      operations:
      - name: both
        method: GET
        steps:
        - {name: one, type: call, call: api.look}
        - {name: two, type: call, call: api.change}
    - {path: "/proxy/{{path}}", forward: {targetNamespace: api}}
    - {path: /exact, forward: {targetNamespace: api}}
  - type: mcp
    namespace: m
    tools:
    - {name: look, description: Look, call: api.look}
    - {name: change, description: Change, call: api.change}
    - {name: query, description: Query, call: api.query, hints: {readOnly: true}}
    - {name: search, description: Search, ref: lib.search}
    - {name: touch, description: Touch, ref: lib.touch}
    - {name: log-out, description: Log out, call: api.log-out, hints: {readOnly: false}}
    - {name: wipe, description: Wipe, call: api.look, hints: {destructive: true}}
    - name: made-up
      description: Made up
      outputParameters: [{name: answer, type: integer, value: 42}]
    resources:
    - {name: items, uri: "api://items", call: api.look}
    - {name: changed, uri: "api://changed", call: api.change}
  - type: skill
    namespace: s
    skills:
    - name: shopping
      description: Shop
      tools:
      - {name: look, description: Look, from: {sourceNamespace: m, action: look}}
      - {name: change, description: Change, from: {sourceNamespace: m, action: change}}
    - name: changing
      description: Change
      tools: [{name: change, description: Change, from: {sourceNamespace: r, action: change}}]
"""
CHANGES = "only read-only functions are served (--read-only), and it calls api.change (POST)"
SAFE = ["look", "query", "search", "made-up"]


@pytest.fixture(scope="module")
def served(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    document = written(tmp_path_factory.mktemp("read-only"), DOCUMENT)
    settings = Settings({"api": shared_upstream.url}, environment={}, read_only=True)
    with serving(document, settings=settings) as served:
        yield served


def test_agents_see_the_tools_that_are_safe_or_said_to_be(served: Served) -> None:
    assert [tool.name for tool in list_tools(served.url("mcp"))] == SAFE
    assert not call_tool(served.url("mcp"), "look").is_error
    assert not call_tool(served.url("mcp"), "query").is_error
    assert call_tool(served.url("mcp"), "made-up").structured_content == {"answer": 42}


def test_a_tool_that_may_change_something_says_why_it_is_not_there(
    served: Served, upstream: Upstream
) -> None:
    error = error_of_call(served.url("mcp"), "change", {})
    assert (error.code, error.message) == (-32602, f"The tool `change` cannot be called: {CHANGES}")
    for name in ("touch", "log-out", "wipe"):
        assert "the document marks it as not read-only" in error_of_call(served.url("mcp"), name, {}).message
    assert upstream.received == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/items", 200),
        ("POST", "/search", 200),
        ("POST", "/items", 501),
        ("GET", "/touch", 501),
        ("GET", "/both", 501),
    ],
)
def test_routes_are_served_by_what_they_call_not_by_their_own_method(
    served: Served, upstream: Upstream, method: str, path: str, status: int
) -> None:
    answer = httpx.request(method, f"{served.origin('rest')}{path}")
    if status == 501:
        assert "--read-only" in problem(answer, 501)["detail"]
        assert upstream.received == []
    else:
        assert answer.status_code == status


@pytest.mark.parametrize("path", ["/proxy/a/b", "/exact"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_forwards_pass_on_what_reads(served: Served, upstream: Upstream, method: str, path: str) -> None:
    assert httpx.request(method, f"{served.origin('rest')}{path}").status_code == 200
    assert upstream.only.method == method


@pytest.mark.parametrize("path", ["/proxy/a/b", "/proxy", "/exact"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PURGE"])
def test_forwards_refuse_all_else(served: Served, upstream: Upstream, method: str, path: str) -> None:
    answer = httpx.request(method, f"{served.origin('rest')}{path}")
    problem(answer, 405)
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert upstream.received == []


def test_resources_and_skills_follow(served: Served) -> None:
    (capability,) = served.capabilities
    left_out = {
        feature.name: feature.reason
        for site in served.sites
        for adapter in site.adapters
        for feature in adapter.features
        if feature.reason and adapter.type != "rest"
    }
    assert left_out["api://changed"] == CHANGES
    assert left_out["shopping.change"] == f"it is `m.change`, which is not served: {CHANGES}"
    assert left_out["changing"] == "none of its tools can be used"
    assert capability.diagnostics == load(capability.file, Settings(environment={})).diagnostics


def test_what_nobody_serves_cannot_be_called_from_python_either(tmp_path: Path) -> None:
    capability = load(written(tmp_path, DOCUMENT), Settings(environment={}, read_only=True))
    assert capability.function("lib.search").name == "search"
    with pytest.raises(KeyError):
        capability.function("lib.alter")


def test_a_document_in_which_nothing_is_safe_serves_the_reasons(tmp_path: Path) -> None:
    document = written(tmp_path, small("one").replace("method: GET}", "method: PUT}"))
    with serving(document, settings=Settings(environment={}, read_only=True)) as served:
        assert list_tools(served.url("mcp")) == []
        assert "--read-only" in error_of_call(served.url("mcp"), "one-tool", {}).message


def test_start_up_tells_what_is_left_out_and_strict_has_nothing_against_it(tmp_path: Path) -> None:
    document = written(tmp_path, DOCUMENT)
    with started(document, "--read-only", "--strict", "--port", "skill=0") as process:
        assert f"tool change not served: {CHANGES}" in process.lines
        assert f"route POST /items not served: {CHANGES}" in process.lines
        assert "route GET /exact -> api.*  https://api.example/…" in process.lines
        assert not [line for line in process.lines if "error" in line]
