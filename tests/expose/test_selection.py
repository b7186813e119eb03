"""``--include`` and ``--exclude``: what is not wanted is neither served nor listed."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings, load
from naftiko_run.capability.inventory import inventory
from naftiko_run.errors import DocumentError
from support.documents import SHOP, SHOP_TOKEN, small, written
from support.mcp_client import error_of_call, list_tools
from support.process import run, started
from support.server import serving
from support.wire import problem

MORE = """\
    resources:
    - {name: shelf, uri: "shop://shelves/{shelf_id}", call: shop.get-shelf}
    prompts:
    - {name: praise, template: [{role: user, content: Praise it}]}
  - type: rest
    namespace: gateway
    resources:
    - {path: "/raw/{path}", forward: {targetNamespace: shop}}
    - {path: /broken, operations: [{name: broken, method: GET, call: shop.nothing}]}
  - type: skill
    namespace: skills
    skills:
    - name: shopping
      description: Shop
      tools:
      - {name: look, description: Look, from: {sourceNamespace: shop-mcp, action: get-item}}
      - {name: buy, description: Buy, from: {sourceNamespace: shop-mcp, action: add-order}}
    - name: buying
      description: Buy
      tools: [{name: buy, description: Buy, from: {sourceNamespace: shop-mcp, action: add-order}}]
"""
ROUTES = {
    "GET /items",
    "POST /items",
    "GET /items/{id}",
    "DELETE /items/{id}",
    "GET /shelves/{shelf-id}",
    "POST /orders",
    "GET /items/{id}/name",
}
TOOLS = {"list-items", "add-item", "get-item", "add-order"}
REST = {"resource shop://shelves/{shelf_id}", "prompt praise", "ANY /raw/{path}", "GET /broken"}
SKILLS = {"shopping", "buying"}


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return written(tmp_path, SHOP + MORE)


@pytest.mark.parametrize(
    ("include", "exclude", "left"),
    [
        ([], [], ROUTES | TOOLS | REST | SKILLS),
        (["*"], ["nothing-like-it"], ROUTES | TOOLS | REST | SKILLS),
        (["shop-mcp.*-item"], [], {"add-item", "get-item", "shopping"}),
        (["shop-mcp.*-item"], ["add-*"], {"get-item", "shopping"}),
        (["get-item"], [], {"get-item", "GET /items/{id}", "shopping"}),
        (["GET *"], [], {each for each in ROUTES if each.startswith("GET")} | {"GET /broken"}),
        (["gateway.*"], ["broken"], {"ANY /raw/{path}"}),
        (["* /raw/*"], [], {"ANY /raw/{path}"}),
        (["praise", "shelf"], [], {"prompt praise", "resource shop://shelves/{shelf_id}"}),
        ([], ["shop-rest.*", "gateway.*", "*-item*", "shelf", "praise"], {"add-order", "shopping", "buying"}),
        (["add-*"], ["*"], set()),
        (["Get-Item"], [], set()),
    ],
)
def test_what_is_left(document: Path, include: list[str], exclude: list[str], left: set[str]) -> None:
    capability = load(document, Settings(environment=SHOP_TOKEN, include=include, exclude=exclude))
    exposes = inventory(capability)["exposes"]
    assert {unit["name"] for each in exposes for unit in each["units"]} == left
    assert all(each["units"] for each in exposes)


def test_a_skill_offers_only_the_tools_that_are_there(document: Path) -> None:
    capability = load(document, Settings(environment=SHOP_TOKEN, include=["get-item"]))
    (skill,) = inventory(capability)["exposes"][-1]["units"]
    assert skill == {"name": "shopping", "tools": ["look"]}


def test_the_rest_is_neither_served_nor_listed(document: Path) -> None:
    settings = Settings(environment=SHOP_TOKEN, sandbox=True, exclude=["add-*", "delete-*", "gateway.*"])
    with serving(document, settings=settings) as served:
        names = [tool.name for tool in list_tools(served.url("mcp"))]
        assert names == ["list-items", "get-item"]
        error = error_of_call(served.url("mcp"), "add-item", {})
        assert (error.code, error.message.partition(";")[0]) == (-32602, "Unknown tool `add-item`")
        rest = served.url("rest")
        assert httpx.get(f"{rest}/items").status_code == 200
        answer = httpx.delete(f"{rest}/items/7")
        problem(answer, 405)
        assert "DELETE" not in answer.headers["allow"]
        problem(httpx.post(f"{rest}/orders", json={}), 404)


def test_what_is_not_wanted_asks_for_no_credentials(tmp_path: Path) -> None:
    document = written(tmp_path, small("one", variable="TOKEN"))
    assert load(document, Settings(environment={})).missing()
    assert not load(document, Settings(environment={}, exclude=["*"])).missing()


def test_a_glob_that_matches_nothing_in_any_document_is_told(tmp_path: Path) -> None:
    written(tmp_path, small("one"), "one.yaml")
    written(tmp_path, small("two", path="/others"), "two.yaml")
    globs = ("--include", "one-tool", "--include", "two-mcp.*", "--exclude", "delete-*")
    with started(tmp_path, *globs) as process:
        told = [line for line in process.lines if line.startswith("warning")]
        assert told == ["warning `delete-*` of --include or --exclude matches nothing"]
        tools = [line.partition(" ->")[0] for line in process.lines if line.startswith("tool ")]
        assert tools == ["tool one-tool", "tool two-tool"]
        assert not [line for line in process.lines if line.startswith(("route ", "rest "))]


def test_globs_that_leave_nothing_are_refused(tmp_path: Path) -> None:
    result = run(written(tmp_path, small("one")), "--include", "two-*")
    assert result.returncode == 2
    assert result.stderr.startswith("naftiko-run: error: --include and --exclude leave nothing to serve (")


@pytest.mark.parametrize(
    ("include", "exclude"), [((), ("get-*",)), ((), ("*",)), (("nothing-*",), ()), ((), ("unrelated",))]
)
def test_a_document_that_is_refused_is_refused_whatever_is_excluded(
    tmp_path: Path, include: tuple[str, ...], exclude: tuple[str, ...]
) -> None:
    document = written(tmp_path, small("one").replace("call: one.get", "call: one.wrong"))
    with pytest.raises(DocumentError) as refused:
        load(document, Settings(environment={}, include=include, exclude=exclude))
    assert "`one` has no operation `wrong`" in str(refused.value)


def test_a_document_of_which_all_that_works_is_excluded_is_empty_and_not_refused(tmp_path: Path) -> None:
    document = written(tmp_path, small("one"))
    assert not load(document, Settings(environment={}, exclude=("*",))).document.exposes
