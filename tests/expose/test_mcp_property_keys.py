"""Property keys that some client rejects: clients see valid keys, and upstreams receive the original ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from naftiko_run import Settings
from naftiko_run.errors import InvalidInput
from naftiko_run.expose.mcp.property_keys import exposed_schema
from support.mcp_client import ERAS, call_tool, list_tools, text_of
from support.server import Served, serving
from support.upstream import Upstream

KEY = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
MODES = pytest.mark.parametrize("mode", ERAS)
LONG = "long." * 20

ODATA: list[dict[str, Any]] = [
    {"name": "filter[tag]", "in": "query", "type": "string", "required": True, "description": "The tag"},
    {"name": "$top", "in": "query", "type": "integer"},
    {"name": "StartTime<", "in": "query", "type": "string"},
    {"name": "StartTime>", "in": "query", "type": "string"},
    {"name": "@type", "in": "query", "type": "string"},
    {"name": "type", "in": "query", "type": "string"},
    {"name": LONG, "in": "query", "type": "string"},
    {"name": "页", "in": "query", "type": "string"},
]
NESTED: dict[str, Any] = {
    "name": "order",
    "in": "body",
    "type": "object",
    "properties": {
        "@id": {"type": "string", "required": True},
        "lines": {
            "type": "array",
            "items": {"type": "object", "properties": {"sku#": {"type": "string"}, "n": {"type": "integer"}}},
        },
    },
}


def document(folder: Path) -> Path:
    consumes = {
        "type": "http",
        "namespace": "up",
        "baseUri": "http://up.test",
        "resources": [
            {"path": "/list", "operations": [{"name": "list", "method": "GET", "inputParameters": ODATA}]},
            {
                "path": "/orders",
                "operations": [{"name": "order", "method": "POST", "inputParameters": [NESTED]}],
            },
        ],
    }
    mapped = [
        {"name": "@type", "type": "string", "mapping": "$.t"},
        {"name": "n", "type": "integer", "mapping": "$.n"},
    ]
    tools = [
        {"name": "list", "description": "Lists", "call": "up.list"},
        {"name": "order", "description": "Orders", "call": "up.order"},
        {
            "name": "typed",
            "description": "Typed",
            "call": "up.list",
            "outputParameters": [{"type": "object", "properties": {each["name"]: each for each in mapped}}],
        },
    ]
    exposes = [{"type": "mcp", "namespace": "m", "tools": tools}]
    file = folder / "keys.yaml"
    capability = {"consumes": [consumes], "exposes": exposes}
    file.write_text(yaml.safe_dump({"naftiko": "1.0.0-alpha2", "capability": capability}))
    return file


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shared_upstream: Upstream) -> Iterator[Served]:
    file = document(tmp_path_factory.mktemp("keys"))
    with serving(file, settings=Settings({"up": shared_upstream.url})) as found:
        yield found


def properties_of(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield schema["properties"]
        for each in schema.values():
            yield from properties_of(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from properties_of(each)


@MODES
def test_every_key_is_valid_and_documents_the_original(served: Served, mode: str) -> None:
    tools = {tool.name: tool for tool in list_tools(served.url("mcp"), mode)}
    for tool in tools.values():
        for properties in properties_of([tool.input_schema, tool.output_schema]):
            assert all(KEY.fullmatch(key) for key in properties), tool.name
    schema = tools["list"].input_schema
    assert [*schema["properties"]][:6] == [
        "filter_tag",
        "top",
        "StartTime_lt",
        "StartTime_gt",
        "type_2",
        "type",
    ]
    assert schema["required"] == ["filter_tag"]
    assert schema["properties"]["filter_tag"]["description"] == "The tag. Sent as `filter[tag]`."
    assert "description" not in schema["properties"]["type"]
    order = tools["order"].input_schema["properties"]["order"]
    assert order["required"] == ["id"]
    assert [*order["properties"]["lines"]["items"]["properties"]] == ["n", "sku"]


@MODES
@pytest.mark.parametrize("is_original", [False, True])
def test_a_call_sends_the_original_keys_for_either_spelling(
    served: Served, upstream: Upstream, mode: str, *, is_original: bool
) -> None:
    (tool,) = [each for each in list_tools(served.url("mcp"), mode) if each.name == "list"]
    keys = [each["name"] for each in ODATA] if is_original else [*tool.input_schema["properties"]]
    arguments = dict(zip(keys, ("a", 3, "b", "c", "d", "e", "f", "g"), strict=True))
    result = call_tool(served.url("mcp"), "list", arguments, mode)
    assert text_of(result) == '{"ok":true}'
    assert upstream.only.query == (
        f"filter%5Btag%5D=a&$top=3&StartTime%3C=b&StartTime%3E=c&@type=d&type=e&{LONG}=f&%E9%A1%B5=g"
    )


@MODES
@pytest.mark.parametrize(
    "arguments",
    [
        {"id": "1", "lines": [{"sku": "a", "n": 1}], "free": {"sku": "kept"}},
        {"@id": "1", "lines": [{"sku#": "a", "n": 1}], "free": {"sku": "kept"}},
    ],
)
def test_nested_keys_are_mapped_only_where_the_schema_declares_them(
    served: Served, upstream: Upstream, mode: str, arguments: dict[str, Any]
) -> None:
    assert not call_tool(served.url("mcp"), "order", {"order": arguments}, mode).is_error
    assert upstream.only.json == {"@id": "1", "lines": [{"sku#": "a", "n": 1}], "free": {"sku": "kept"}}


@MODES
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"top": 1}, "/filter_tag is required"),
        ({"filter_tga": "x"}, "/filter_tag is required; did you mistype it as `filter_tga`?"),
        ({"filter[tag]": "x", "$top": "many"}, "/top must be an integer, not text"),
        (
            {"filter_tag": "x", "filter[tag]": "y"},
            "/filter_tag is duplicated: it is also passed as `filter[tag]`",
        ),
    ],
)
def test_violations_name_the_exposed_keys(
    served: Served, upstream: Upstream, mode: str, arguments: dict[str, Any], told: str
) -> None:
    result = call_tool(served.url("mcp"), "list", arguments, mode)
    assert result.is_error
    assert f"- {told}" in text_of(result)
    assert not upstream.received


@MODES
def test_a_response_keeps_its_keys_but_the_schema_omits_them(
    served: Served, upstream: Upstream, mode: str
) -> None:
    upstream.answers_json({"t": "x", "n": 1})
    (tool,) = [each for each in list_tools(served.url("mcp"), mode) if each.name == "typed"]
    assert tool.output_schema is not None
    assert [*tool.output_schema["properties"]] == ["n"]
    result = call_tool(served.url("mcp"), "typed", {"filter_tag": "a"}, mode)
    assert result.structured_content == {"@type": "x", "n": 1}


def test_lazy_tools_have_valid_keys_too(tmp_path: Path, upstream: Upstream) -> None:
    settings = Settings({"up": upstream.url})
    with serving(document(tmp_path), settings=settings, lazy_tools=True) as served:
        found = call_tool(served.url("mcp"), "search_tools", {"query": "list"})
        assert found.structured_content is not None
        (tool,) = [each for each in found.structured_content["tools"] if each["name"] == "list"]
        assert "filter_tag" in tool["inputSchema"]["properties"]
        arguments = {"name": "list", "arguments": {"filter_tag": "a"}}
        assert not call_tool(served.url("mcp"), "call_tool", arguments).is_error
    assert upstream.only.query == "filter%5Btag%5D=a"


def test_a_custom_schema_is_mapped_through_its_references() -> None:
    node = {"type": "object", "properties": {"@id": {"type": "string"}, "child": {"$ref": "#/$defs/node"}}}
    schema: dict[str, Any] = {
        "type": "object",
        "$defs": {"node": node},
        "properties": {
            "root": {"$ref": "#/$defs/node"},
            "alias$": {"$ref": "#/properties/plain$"},
            "plain$": {},
        },
        "anyOf": [{"required": ["root"]}, {"required": ["alias$"]}],
    }
    shown, keys = exposed_schema(schema)
    assert keys is not None
    assert shown["anyOf"] == [{"required": ["root"]}, {"required": ["alias"]}]
    assert shown["properties"]["alias"]["$ref"] == "#/properties/plain"
    deep = {"root": {"id": "1", "child": {"id": "2", "child": {"id": "3"}}}, "alias": {"id": "kept"}}
    assert keys.to_original(deep) == {
        "root": {"@id": "1", "child": {"@id": "2", "child": {"@id": "3"}}},
        "alias$": {"id": "kept"},
    }
    endless: dict[str, Any] = {}
    for _ in range(100_000):
        endless = {"child": endless}
    with pytest.raises(InvalidInput, match="nested too deeply"):
        keys.to_original({"root": endless})


NAMES = st.text(max_size=80) | st.sampled_from(
    ["a", "a_2", "$a", "@a", "a[]", "a<", "", "__proto__", "x" * 65]
)
SCHEMAS = st.recursive(
    st.just({"type": "string"}),
    lambda inner: st.builds(
        lambda members, item: {
            "type": "object",
            "properties": {**members, "list": {"type": "array", "items": item}},
            "required": [*members],
        },
        st.dictionaries(NAMES, inner, max_size=4),
        inner,
    ),
    max_leaves=8,
)


def sample(schema: dict[str, Any]) -> Any:
    if schema["type"] == "object":
        return {name: sample(each) for name, each in schema["properties"].items()}
    return [sample(schema["items"])] if schema["type"] == "array" else "x"


@given(schema=SCHEMAS)
def test_keys_are_unique_valid_and_reversible(schema: dict[str, Any]) -> None:
    shown, keys = exposed_schema(schema)
    for properties in properties_of(shown):
        assert all(KEY.fullmatch(key) for key in properties)
    original, listed = sample(schema), sample(shown)
    if keys is None:
        assert original == listed
    elif isinstance(original, dict):
        assert keys.to_exposed(original) == listed
        assert keys.to_original(listed) == original
        assert keys.to_exposed(listed) == listed
