"""Types in input schemas: those that documents declare, and those inferred from the location of an input."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from mcp_types import TextContent

from naftiko_run import Capability, Settings, load
from support.mcp_client import call_tool, list_tools
from support.server import Served, serving
from support.upstream import Upstream

OPERATIONS = [
    {
        "name": "choices",
        "method": "POST",
        "path": "/choices",
        "inputParameters": [
            {"name": "choice", "in": "body", "oneOf": [{"type": "object"}, {"type": "null"}]},
            {"name": "every", "in": "body", "anyOf": [{"type": "array"}, {"type": "integer"}]},
            {"name": "any", "in": "body", "anyOf": [{"type": "array"}, {"type": "string"}]},
        ],
    },
    {
        "name": "places",
        "method": "POST",
        "path": "/{id}",
        "inputParameters": [
            {"name": "id", "in": "path"},
            {"name": "q", "in": "query"},
            {"name": "X-Trace", "in": "header"},
            {"name": "session", "in": "cookie"},
            {"name": "level", "in": "query", "enum": [1, 2]},
            {"name": "field", "in": "body"},
        ],
    },
    {
        "name": "values",
        "method": "GET",
        "inputParameters": [
            {
                "name": "page",
                "in": "query",
                "type": "integer",
                "description": "Which",
                "value": "{{tools.page}}",
            },
            {"name": "deep", "in": "query", "type": "boolean", "value": "{{tools.is_deep}}"},
            {"name": "ids", "in": "query", "type": "array", "items": {"type": "integer"}},
            {"name": "named", "in": "query", "value": "n-{{tools.suffix}}"},
        ],
    },
]
WRITTEN: dict[str, Any] = {
    "short": {"type": "array", "items": "integer"},
    "grid": {"type": "array", "items": {"type": "array"}},
    "either": {"oneOf": [{"type": "string", "format": "uuid"}, {"type": "array"}]},
    "both": {"allOf": [{"type": "integer"}], "anyOf": [{"minimum": 1}, {"maximum": -1}]},
    "map": {"type": "object", "additionalProperties": {"type": "array", "items": "string"}},
    "closed": {
        "type": "object",
        "additionalProperties": False,
        "required": ["a"],
        "properties": {
            "a": {"type": "string", "enum": ["x"]},
            "b": {"type": "integer", "minimum": 2, "required": True},
        },
    },
    "listed": {"type": "object", "properties": [{"name": "c", "type": "int", "maximum": 3}]},
    "sized": {"type": "object", "minProperties": 1, "maxProperties": 2},
}
SHOWN: dict[str, Any] = {
    "short": {"type": "array", "items": {"type": "integer"}},
    "grid": {"type": "array", "items": {"type": "array", "items": {}}},
    "either": {"oneOf": [{"type": "string", "format": "uuid"}, {"type": "array", "items": {}}]},
    "both": {"allOf": [{"type": "integer"}], "anyOf": [{"minimum": 1}, {"maximum": -1}]},
    "map": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    "closed": {
        "type": "object",
        "additionalProperties": False,
        "required": ["a", "b"],
        "properties": {"a": {"type": "string", "enum": ["x"]}, "b": {"type": "integer", "minimum": 2}},
    },
    "listed": {"type": "object", "properties": {"c": {"type": "integer", "maximum": 3}}},
    "sized": {"type": "object", "minProperties": 1, "maxProperties": 2},
}


def document(folder: Path, inputs: list[dict[str, Any]]) -> Path:
    consumes = {
        "type": "http",
        "namespace": "up",
        "baseUri": "http://up.test",
        "resources": [{"path": "/r", "operations": OPERATIONS}],
    }
    tools = [
        {"name": "places", "description": "d", "call": "up.places"},
        {"name": "choices", "description": "d", "call": "up.choices"},
        {
            "name": "values",
            "description": "d",
            "call": "up.values",
            "inputParameters": [{"name": "wanted", "type": "array", "required": False}],
            "with": {"ids": "tools.wanted"},
        },
        {
            "name": "written",
            "description": "d",
            "inputParameters": inputs,
            "outputParameters": [{"name": "a", "type": "string", "value": "b"}],
        },
    ]
    capability = {"consumes": [consumes], "exposes": [{"type": "mcp", "namespace": "m", "tools": tools}]}
    file = folder / "types.yaml"
    file.write_text(yaml.safe_dump({"naftiko": "1.0.0-alpha2", "capability": capability}))
    return file


def written(folder: Path, says: dict[str, Any]) -> Capability:
    return load(document(folder, [{"name": "x", **says}]), Settings())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shared_upstream: Upstream) -> Iterator[Served]:
    inputs = [{"name": name, "required": False, **says} for name, says in WRITTEN.items()]
    file = document(tmp_path_factory.mktemp("types"), inputs)
    with serving(file, settings=Settings({"up": shared_upstream.url})) as found:
        yield found


@pytest.fixture(scope="module")
def schemas(served: Served) -> dict[str, Any]:
    return {tool.name: tool.input_schema for tool in list_tools(served.url("mcp"))}


def test_untyped_inputs_in_path_query_header_or_cookie_are_strings(
    schemas: dict[str, Any],
) -> None:
    properties = schemas["places"]["properties"]
    assert {name: each.get("type") for name, each in properties.items()} == {
        "id": "string",
        "q": "string",
        "X-Trace": "string",
        "session": "string",
        "level": "integer",
        "field": None,
    }


def test_other_values_of_untyped_inputs_are_still_accepted(served: Served, upstream: Upstream) -> None:
    arguments = {"id": 7, "q": True, "X-Trace": 1.5, "level": 2, "field": {"a": 1}}
    assert not call_tool(served.url("mcp"), "places", arguments).is_error
    assert upstream.only.target == "/r/7?q=true&level=2"
    assert upstream.only.header("x-trace") == "1.5"
    assert upstream.only.json == {"field": {"a": 1}}


def test_json_text_is_parsed_if_an_alternative_schema_requires_it(served: Served, upstream: Upstream) -> None:
    arguments = {"choice": '{"k": [1]}', "every": '["a"]', "any": "[1]"}
    result = call_tool(served.url("mcp"), "choices", arguments)
    assert not result.is_error, result
    assert upstream.only.json == {"choice": {"k": [1]}, "every": ["a"], "any": "[1]"}
    told = "\n".join(each.text for each in result.content if isinstance(each, TextContent))
    assert "`/choice` was passed as JSON text" in told
    assert "`/every` was passed as JSON text" in told
    assert "`/any`" not in told


def test_types_are_kept_through_with_and_through_fixed_values(schemas: dict[str, Any]) -> None:
    assert schemas["values"] == {
        "type": "object",
        "properties": {
            "wanted": {"type": "array", "items": {"type": "integer"}},
            "page": {"type": "integer", "description": "Which"},
            "is_deep": {"type": "boolean"},
            "suffix": {"type": "string"},
        },
    }


def test_input_keywords_of_documents_are_listed_and_validated(schemas: dict[str, Any]) -> None:
    assert schemas["written"]["properties"] == SHOWN
    jsonschema_rs.Draft202012Validator(schemas["written"])


@pytest.mark.parametrize(
    ("says", "keyword", "place"),
    [
        ({"not": {"type": "string"}}, "not", ("not",)),
        ({"type": "array", "items": {"$ref": "#/nowhere"}}, "$ref", ("items", "$ref")),
        ({"type": "array", "items": ["string"]}, "items", ("items",)),
        ({"oneOf": {"type": "string"}}, "oneOf", ("oneOf",)),
        ({"enum": "a, b"}, "enum", ("enum",)),
        ({"properties": "a"}, "properties", ("properties",)),
        (
            {"properties": {"a": {"anyOf": [{"patternProperties": {"x": {}}}]}}},
            "patternProperties",
            ("properties", "a", "anyOf", 0, "patternProperties"),
        ),
    ],
)
def test_ignored_keywords_are_reported_at_load_with_their_location(
    tmp_path: Path, says: dict[str, Any], keyword: str, place: tuple[str | int, ...]
) -> None:
    (told,) = [each for each in written(tmp_path, says).diagnostics if each.code == "schema-keyword"]
    assert f"`{keyword}`" in told.message
    assert told.pointer.endswith("".join(f"/{each}" for each in place))
