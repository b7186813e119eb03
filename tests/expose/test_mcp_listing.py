"""Lists over MCP: complete, in document order, and valid even if a document has an unusual entry."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
import yaml
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError

from naftiko_run import Settings, load
from support.mcp_client import ERAS, call_tool, list_tools, text_of, with_client
from support.process import READY, launched
from support.server import serving

MODES = pytest.mark.parametrize("mode", ERAS)
PAGE = 1000
Ask = Callable[[Client, str | None], Awaitable[Any]]


def tool(name: str, **says: Any) -> dict[str, Any]:
    return {"name": name, "description": "A tool", "x-content": [{"text": f"this is {name}"}], **says}


def document(folder: Path, tools: list[dict[str, Any]], **says: Any) -> Path:
    exposes = [{"type": "mcp", "namespace": "m", "tools": tools, **says}]
    file = folder / "m.yaml"
    file.write_text(
        yaml.safe_dump({"naftiko": "1.0.0-alpha2", "capability": {"exposes": exposes}}, sort_keys=False)
    )
    return file


async def all_of(client: Client, ask: Ask, kind: str, name: str) -> tuple[list[str], list[int]]:
    """Follow the cursors; return the names of all entries and the sizes of the pages."""
    found: list[str] = []
    sizes: list[int] = []
    cursor = None
    while cursor is not None or not sizes:
        page = await ask(client, cursor)
        entries = [getattr(each, name) for each in getattr(page, kind)]
        found += entries
        sizes.append(len(entries))
        cursor = page.next_cursor
    return found, sizes


def test_2500_tools_are_paginated_in_document_order(tmp_path: Path) -> None:
    names = [f"t-{number * 7919 % 2500}" for number in range(2500)]

    async def use(client: Client) -> None:
        def ask(each: Client, cursor: str | None) -> Awaitable[Any]:
            return each.list_tools(cursor=cursor)

        found, sizes = await all_of(client, ask, "tools", "name")
        assert found == names
        assert sizes == [PAGE, PAGE, 500]
        result = await client.call_tool(names[-1], {})
        assert text_of(result) == f"this is {names[-1]}"

    with serving(document(tmp_path, [*map(tool, names)]), settings=Settings()) as served:
        for mode in ERAS:
            with_client(served.url("mcp"), mode, use)


def test_resources_templates_and_prompts_are_paginated_too(tmp_path: Path) -> None:
    numbers = range(PAGE + 1)
    mock = {"description": "d", "outputParameters": [{"name": "a", "type": "string", "value": "b"}]}
    resources = [{"name": f"r{each}", "uri": f"data://r/{each}", **mock} for each in numbers]
    resources += [{"name": f"v{each}", "uri": f"data://v/{each}/{{id}}", **mock} for each in numbers]
    prompts = [
        {"name": f"p{each}", "description": "d", "template": [{"role": "user", "content": "x"}]}
        for each in numbers
    ]
    asks: dict[tuple[str, str], Ask] = {
        ("resources", "name"): lambda client, cursor: client.list_resources(cursor=cursor),
        ("resource_templates", "name"): lambda client, cursor: client.list_resource_templates(cursor=cursor),
        ("prompts", "name"): lambda client, cursor: client.list_prompts(cursor=cursor),
    }

    async def use(client: Client) -> None:
        for ((kind, name), ask), letter in zip(asks.items(), "rvp", strict=True):
            found, sizes = await all_of(client, ask, kind, name)
            assert found == [f"{letter}{each}" for each in numbers]
            assert sizes == [PAGE, 1]
            with pytest.raises(MCPError, match="send the request without a cursor") as refused:
                await ask(client, "bm9uZQ")
            assert refused.value.error.code == types.INVALID_PARAMS

    file = document(tmp_path, [tool("t")], resources=resources, prompts=prompts)
    with serving(file, settings=Settings()) as served:
        for mode in ERAS:
            with_client(served.url("mcp"), mode, use)


@MODES
@pytest.mark.parametrize("cursor", ["", "x", "ÿ", "dGhlcmUtaXMtbm9uZQ", "=" * 9])
def test_an_unknown_cursor_is_rejected_with_a_clear_message(tmp_path: Path, mode: str, cursor: str) -> None:
    async def use(client: Client) -> None:
        with pytest.raises(MCPError, match="send the request without a cursor") as refused:
            await client.list_tools(cursor=cursor)
        assert refused.value.error.code == types.INVALID_PARAMS

    with serving(document(tmp_path, [tool("t")]), settings=Settings()) as served:
        with_client(served.url("mcp"), mode, use)


def test_metadata_of_a_tool_is_listed(tmp_path: Path) -> None:
    meta = {"example.com/team": "fleet", "example.com/tags": ["a", "b"]}
    says = {"label": "Ships", "x-meta": meta, "hints": {"readOnly": True, "openWorld": False}}
    with serving(document(tmp_path, [tool("t", **says)]), settings=Settings()) as served:
        for mode in ERAS:
            (told,) = list_tools(served.url("mcp"), mode)
            assert told.meta == meta
            assert told.title == "Ships"
            assert told.annotations == types.ToolAnnotations(
                title="Ships", read_only_hint=True, open_world_hint=False
            )


ODD: dict[str, dict[str, Any]] = {
    "a default that is no number": {"inputParameters": [{"name": "a", "type": "number", "default": ".nan"}]},
    "a very large default": {"inputParameters": [{"name": "a", "type": "integer", "default": 10**40}]},
    "a pattern that is none": {"inputParameters": [{"name": "a", "type": "string", "pattern": "(["}]},
    "an enum of nothing much": {"inputParameters": [{"name": "a", "type": "string", "enum": [None, {}, 1]}]},
    "a reference in items": {
        "inputParameters": [{"name": "a", "type": "array", "items": {"$ref": "#/nowhere"}}]
    },
    "types that are none": {
        "inputParameters": [{"name": "a", "type": "object", "properties": {"x": {"type": "thing"}, "y": 5}}]
    },
    "members that are truths": {"x-inputSchema": {"properties": {"a": True, "b": False}}},
    "a schema of text": {"x-inputSchema": {"type": "string"}},
    "a schema of an object or null": {"x-inputSchema": {"type": ["object", "null"]}},
    "a schema that refers to itself": {"x-inputSchema": {"properties": {"a": {"$ref": "#"}}}},
    "a schema that refers to nothing": {"x-inputSchema": {"properties": {"a": {"$ref": "#/$defs/a"}}}},
    "a header with a space": {
        "x-inputSchema": {"properties": {"a": {"type": "string", "x-mcp-header": "a b"}}}
    },
    "control characters": {"description": "a\u0007b\u2028c", "label": "\u0000"},
    "a long description": {"description": "x" * 300_000},
    "a name of 129 characters": {"name": "n" * 129},
    "a name that is no word": {"name": "船"},
    "meta that is none": {"x-meta": ["a"]},
    "hints that are none": {"hints": {"readOnly": "perhaps"}},
    "outputs that are odd": {"outputParameters": [{"name": "a", "type": "thing", "value": "1", "items": 5}]},
    "deep members": {
        "inputParameters": [
            {
                "name": "a",
                "type": "object",
                "properties": {"a": yaml.safe_load("{properties: {a: " * 90 + "{}" + "}}" * 90)},
            }
        ]
    },
}


@pytest.mark.parametrize("says", ODD.values(), ids=ODD)
def test_an_unusual_tool_does_not_affect_others(tmp_path: Path, says: dict[str, Any]) -> None:
    tools = [tool("before"), tool("odd") | says, tool("after")]
    with serving(document(tmp_path, tools), settings=Settings()) as served:
        for mode in ERAS:
            names = [each.name for each in list_tools(served.url("mcp"), mode)]
            assert [each for each in names if each in ("before", "after")] == ["before", "after"]
            assert text_of(call_tool(served.url("mcp"), "after", {}, mode)) == "this is after"


@pytest.mark.parametrize(
    ("name", "served_as", "told"),
    [
        ("n" * 64, "n" * 64, ""),
        ("n" * 65, "n" * 55 + "-632177bd", "warning[tool-name-long]"),
        ("n" * 128, "n" * 55 + "-382f9ac5", "warning[tool-name-long]"),
        ("n" * 129, "n" * 55 + "-862ded23", "warning[tool-name-long]"),
        ("list ships/all", "list-ships-all", "warning[tool-name-characters]"),
        ("ships.list", "ships-list", "warning[tool-name-characters]"),
        ("2fa", "_2fa", "warning[tool-name-characters]"),
        ("船", "tool-7c3129eb", "warning[tool-name-characters]"),
    ],
)
def test_a_tool_with_an_invalid_name_gets_a_valid_one_and_can_be_called_by_both(
    tmp_path: Path, name: str, served_as: str, told: str
) -> None:
    file = document(tmp_path, [tool(name), tool("fine")])
    capability = load(file, Settings())
    assert [f"{each.severity}[{each.code}]" for each in capability.diagnostics] == ([told] if told else [])
    assert all(each.alters_service for each in capability.diagnostics)
    with serving(capability, settings=Settings()) as served:
        for mode in ERAS:
            first, second = list_tools(served.url("mcp"), mode)
            assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", first.name)
            assert (first.name, second.name) == (served_as, "fine")
            assert first.title == (name if told else None)
            for called in (served_as, name):
                assert text_of(call_tool(served.url("mcp"), called, {}, mode)) == f"this is {name}"


def test_lazy_tools_can_be_called_by_both_names(tmp_path: Path) -> None:
    file = document(tmp_path, [tool("list ships"), tool("fine")])
    with serving(file, settings=Settings(), lazy_tools=True) as served:
        for mode in ERAS:
            url = served.url("mcp")
            assert text_of(call_tool(url, "list ships", {}, mode)) == "this is list ships"
            for name in ("list ships", "list-ships"):
                result = call_tool(url, "call_tool", {"name": name}, mode)
                assert text_of(result) == "this is list ships"


@MODES
def test_prompts_and_resources_have_names_that_all_clients_accept(tmp_path: Path, mode: str) -> None:
    template = [{"role": "user", "content": "x"}]
    prompts = [
        {"name": name, "description": "d", "template": template} for name in ("a b", "a-b", "ü", "p" * 70)
    ]
    mock = {"description": "d", "outputParameters": [{"name": "a", "type": "string", "value": "b"}]}
    resources = [{"name": "A page", "uri": "data://a", **mock}, {"uri": "data://b", **mock}]
    file = document(tmp_path, [tool("t")], prompts=prompts, resources=resources)

    async def use(client: Client) -> None:
        listed = (await client.list_prompts()).prompts
        names = [each.name for each in listed]
        assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", name) for name in names)
        assert names[:2] == ["a-b", "a-b-2"]
        assert len(set(names)) == len(prompts)
        assert [each.title for each in listed] == ["a b", "a-b", "ü", "p" * 70]
        for name in ("a b", "a-b-2", "ü", names[2]):
            assert (await client.get_prompt(name)).messages
        found = (await client.list_resources()).resources
        assert [(each.name, each.title) for each in found] == [("A-page", "A page"), ("data---b", None)]

    with serving(file, settings=Settings()) as served:
        with_client(served.url("mcp"), mode, use)


def test_invalid_names_are_reported_at_start_up(tmp_path: Path) -> None:
    with launched(document(tmp_path, [*map(tool, ("n" * 65, "a b"))]), "--port", "mcp=0") as process:
        process.wait_for_line(READY)
        for told in ("warning[tool-name-long]", "warning[tool-name-characters]"):
            assert told in process.text


def test_two_tools_with_the_same_name_are_both_listed(tmp_path: Path) -> None:
    with serving(document(tmp_path, [tool("a b"), tool("a-b"), tool("a b")]), settings=Settings()) as served:
        assert [each.name for each in list_tools(served.url("mcp"))] == ["a-b", "a-b-2", "a-b-3"]
