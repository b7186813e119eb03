"""``--tools lazy`` over many documents: one more MCP server, of the tools of all that everyone may call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp.client.client import Client
from mcp.client.stdio import stdio_client

from naftiko_run import Settings
from naftiko_run.serve import Addressing
from support.commands import ended
from support.documents import small, written
from support.many import many_tools, one_kind
from support.mcp_client import ERAS, call_tool, list_tools, run_async, text_of
from support.ports import free_ports
from support.process import READY, launched
from support.server import Served, serving
from support.stdio import started_by_client
from support.upstream import Upstream
from support.wire import problem

MODES = pytest.mark.parametrize("mode", ERAS)
NUMBER = 100


def folder_of(folder: Path, upstream: str) -> Path:
    """Write many documents, of which one asks callers for a token."""
    for number in range(NUMBER):
        written(folder, one_kind(f"kind{number:03}", upstream), f"{number:03}.yaml")
    written(folder, many_tools(upstream=upstream), "company.yaml")
    locked = small("locked", path="/locked", mcp="authentication: {type: bearer, token: '{{env.TOKEN}}'}")
    written(folder, locked, "locked.yaml")
    return folder


@pytest.fixture(scope="module")
def folder(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of(tmp_path_factory.mktemp("folder"), shared_upstream.url)


@pytest.fixture(scope="module")
def many(folder: Path) -> Iterator[Served]:
    settings = Settings(environment={"TOKEN": "the-token"})
    with serving(*sorted(folder.iterdir()), settings=settings, lazy_tools=True) as served:
        yield served


@pytest.fixture(scope="module")
def url(many: Served) -> str:
    (origin,) = many.origins("mcp")
    return f"{origin}/mcp"


def search(url: str, query: str, mode: str = "auto") -> list[str]:
    structured = call_tool(url, "search_tools", {"query": query}, mode).structured_content
    assert structured is not None
    return [each["name"] for each in structured["tools"]]


@MODES
def test_one_server_finds_the_tools_of_all_documents(url: str, mode: str) -> None:
    finder, caller = list_tools(url, mode)
    assert (finder.name, caller.name) == ("search_tools", "call_tool")
    assert finder.description is not None
    assert f"{NUMBER * 5 + 63} tools of Kind000, Kind001" in finder.description
    assert search(url, "kind077 list", mode)[0] == "kind077.list"
    assert search(url, "refund a customer", mode)[0] == "company.refund_payment"


@MODES
@pytest.mark.parametrize("path", ["/mcp", "/"])
def test_a_tool_is_called_by_its_full_name(url: str, upstream: Upstream, mode: str, path: str) -> None:
    upstream.answers_json({"id": "7"})
    at = url.removesuffix("/mcp") + path
    result = call_tool(at, "call_tool", {"name": "kind042.get", "arguments": {"id": "7"}}, mode)
    assert result == call_tool(at, "kind042.get", {"id": "7"}, mode)
    assert result.structured_content == {"id": "7"}
    assert [each.path for each in upstream.received] == ["/things/7"] * 2


def test_violations_are_those_of_the_tool(url: str) -> None:
    assert "- /id is required" in text_of(call_tool(url, "call_tool", {"name": "kind042.get"}))


def test_a_name_without_its_namespace_is_guessed(url: str) -> None:
    result = call_tool(url, "call_tool", {"name": "refund_payment"})
    assert result.is_error
    assert "`company.refund_payment`" in text_of(result)


def test_names_come_by_the_page(url: str) -> None:
    names: list[str] = []
    page = 1
    while page:
        told: dict[str, Any] = json.loads(text_of(call_tool(url, "search_tools", {"page": page})))
        names += told["names"]
        page = told.get("nextPage", 0)
    assert len(names) == len(set(names)) == told["total"] == NUMBER * 5 + 63


@MODES
def test_each_adapter_still_has_its_own_path(url: str, mode: str) -> None:
    own = f"{url.removesuffix('/mcp')}/kind007/mcp"
    assert [each.name for each in list_tools(own, mode)] == ["search_tools", "call_tool"]
    assert search(own, "get", mode)[0] == "get"


def test_nothing_behind_authentication_is_reached_without_it(
    many: Served, url: str, upstream: Upstream
) -> None:
    assert not any("locked" in name for name in search(url, "locked tool"))
    for name in ("locked-mcp.locked-tool", "locked-tool"):
        result = call_tool(url, "call_tool", {"name": name})
        assert text_of(result).startswith(f"Unknown tool `{name}`.")
    assert httpx.post(f"{url.removesuffix('/mcp')}/locked-mcp/mcp", json={}).status_code == 401
    assert upstream.received == []
    (site,) = [each for each in many.sites if each.adapters[0].type == "mcp"]
    (feature,) = site.adapters[-1].features
    assert (feature.name, feature.kind) == ("locked-mcp", "adapter")


def test_two_of_which_one_is_locked_stay_apart(tmp_path: Path) -> None:
    locked = small("locked", path="/locked", mcp="authentication: {type: bearer, token: '{{env.TOKEN}}'}")
    documents = [written(tmp_path, small("one"), "one.yaml"), written(tmp_path, locked, "locked.yaml")]
    with serving(
        *documents, settings=Settings(sandbox=True, environment={"TOKEN": "t"}), lazy_tools=True
    ) as served:
        (origin,) = served.origins("mcp")
        problem(httpx.post(f"{origin}/mcp", json={}), 404)


def test_a_route_at_the_same_path_keeps_its_methods(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    documents = [
        written(tmp_path, small(name, path=path), f"{name}.yaml")
        for name, path in (("a", "/mcp"), ("b", "/"))
    ]
    addressing = Addressing("", {"rest": port, "mcp": port})
    settings = Settings(sandbox=True, environment={})
    with serving(*documents, settings=settings, addressing=addressing, lazy_tools=True) as served:
        (origin,) = served.origins("mcp")
        assert httpx.get(f"{origin}/mcp").json()["sandbox"]["operation"] == "a.get"
        assert httpx.get(f"{origin}/").json()["sandbox"]["operation"] == "b.get"
        assert search(f"{origin}/mcp", "tool") == ["a-mcp.a-tool", "b-mcp.b-tool"]


def test_start_up_tells_of_it_and_of_what_it_leaves_out(folder: Path) -> None:
    with launched(folder, "--tools", "lazy", "--port", "mcp=0", "--port", "rest=0") as process:
        process.wait_for_line(READY)
        (at,) = [number for number, line in enumerate(process.lines) if "all-tools" in line]
        assert process.lines[at].endswith(
            f"/mcp  all-tools  {NUMBER * 5 + 63} tools, behind search_tools and call_tool, of {NUMBER + 1} adapters"
        )
        assert process.lines[at + 1] == (
            "adapter locked-mcp not served: it has authentication, so that its tools are found at its own URL only"
        )


@MODES
def test_on_stdin_and_stdout_a_folder_is_one_server(folder: Path, mode: str) -> None:
    async def session() -> tuple[list[str], str]:
        async with Client(stdio_client(parameters), mode=mode) as client:
            found = await client.call_tool("search_tools", {"query": "locked"})
            called = await client.call_tool("call_tool", {"name": "locked-mcp.locked-tool"})
            assert found.structured_content is not None
            return [each["name"] for each in found.structured_content["tools"]], text_of(called)

    with started_by_client(folder, "--stdio", "--tools", "lazy", "--sandbox") as parameters:
        names, answer = run_async(session)
    assert names == ["locked-mcp.locked-tool"]
    assert "locked.get" in answer


def test_a_clients_settings_have_one_server_for_all(folder: Path) -> None:
    printed = ended("naftiko", "mcp-config", folder, "--tools", "lazy")
    servers = json.loads(printed.stdout)["mcpServers"]
    assert list(servers) == ["locked-mcp", "all-tools"]
    assert servers["all-tools"]["url"] == "http://127.0.0.1:9090/mcp"


def test_operations_of_rest_adapters_are_found_on_stdin_and_stdout_too(tmp_path: Path) -> None:
    for name in ("one", "two"):
        text = small(name, path=f"/{name}").partition("  - type: mcp")[0]
        written(tmp_path, text, f"{name}.yaml")

    async def session() -> Any:
        async with Client(stdio_client(parameters)) as client:
            return (await client.call_tool("search_tools", {})).structured_content

    with started_by_client(tmp_path, "--stdio", "--tools", "lazy", "--sandbox") as parameters:
        found = run_async(session)
    assert found == {"total": 2, "names": ["one-rest.get", "two-rest.get"]}
