"""``x-inputSchema``: a schema of arguments in the author's own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from naftiko_run import Settings, load
from support.mcp_client import call_tool, list_tools, text_of
from support.server import serving

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {"contact": {"$anchor": "contact", "type": "string", "minLength": 3}},
    "properties": {
        "phone": {"$ref": "#/$defs/contact"},
        "email": {"$ref": "#contact"},
        "region": {"type": "string", "x-mcp-header": "Region"},
    },
    "anyOf": [{"required": ["phone"]}, {"required": ["email"]}],
    "additionalProperties": False,
}


def document(folder: Path, schema: dict[str, Any]) -> Path:
    tools = [
        {
            "name": "call",
            "description": "Calls",
            "x-inputSchema": schema,
            "x-content": [{"text": "{{phone}}{{email}}"}],
        },
        {"name": "other", "description": "Another", "x-content": [{"text": "other"}]},
    ]
    exposes = [{"type": "mcp", "namespace": "m", "tools": tools}]
    file = folder / "m.yaml"
    file.write_text(yaml.safe_dump({"naftiko": "1.0.0-alpha2", "capability": {"exposes": exposes}}))
    return file


TEXT = {"type": "string"}
NUMBER = {"type": "number"}
REFUSED_AT_ROOT = {"anyOf", "oneOf", "allOf", "not", "enum", "const", "$ref"}


def shown(folder: Path, schema: dict[str, Any]) -> dict[str, Any]:
    with serving(document(folder, schema), settings=Settings()) as served:
        tool, _ = list_tools(served.url("mcp"))
    return tool.input_schema


def test_it_is_told_as_it_stands_below_its_root(tmp_path: Path) -> None:
    plain = {keyword: each for keyword, each in SCHEMA.items() if keyword != "anyOf"}
    note = "At least one of these is required: `phone`; `email`."
    assert shown(tmp_path, SCHEMA) == {**plain, "description": note}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (
            {
                "description": "A search.",
                "properties": {"q": TEXT},
                "required": ["q"],
                "oneOf": [
                    {"properties": {"a": TEXT, "n": NUMBER}, "required": ["q", "a"]},
                    {"properties": {"b": TEXT, "n": TEXT}, "required": ["b"]},
                ],
            },
            {
                "type": "object",
                "description": "A search. Exactly one of these is required: `a`; `b`.",
                "properties": {"q": TEXT, "a": TEXT, "n": {"anyOf": [NUMBER, TEXT]}, "b": TEXT},
                "required": ["q"],
            },
        ),
        (
            {
                "anyOf": [
                    {"properties": {"kind": {"const": "a"}, "x": TEXT}, "required": ["kind", "x"]},
                    {"properties": {"kind": {"const": "b"}, "y": TEXT}, "required": ["kind"]},
                    {"type": "null"},
                ]
            },
            {
                "type": "object",
                "properties": {"kind": {"enum": ["a", "b"]}, "x": TEXT, "y": TEXT},
                "required": ["kind"],
            },
        ),
        (
            {
                "$defs": {"base": {"properties": {"a": TEXT}, "required": ["a"]}},
                "properties": {"b": TEXT},
                "allOf": [
                    {"$ref": "#/$defs/base"},
                    {"properties": {"b": {"minLength": 2}}, "required": ["b"]},
                ],
                "not": {"required": ["c"]},
            },
            {
                "type": "object",
                "$defs": {"base": {"properties": {"a": TEXT}, "required": ["a"]}},
                "properties": {"b": {"type": "string", "minLength": 2}, "a": TEXT},
                "required": ["b", "a"],
            },
        ),
        (
            {"$defs": {"all": {"type": "object", "properties": {"a": TEXT}}}, "$ref": "#/$defs/all"},
            {
                "type": "object",
                "$defs": {"all": {"type": "object", "properties": {"a": TEXT}}},
                "properties": {"a": TEXT},
            },
        ),
        (
            {"$defs": {"loop": {"allOf": [{"$ref": "#/$defs/loop"}]}}, "$ref": "#/$defs/loop"},
            {"type": "object", "$defs": {"loop": {"allOf": [{"$ref": "#/$defs/loop"}]}}, "properties": {}},
        ),
    ],
)
def test_clients_see_a_plain_object_at_its_root(
    tmp_path: Path, schema: dict[str, Any], expected: dict[str, Any]
) -> None:
    told = shown(tmp_path, schema)
    assert told == expected
    assert REFUSED_AT_ROOT.isdisjoint(told)


def test_a_choice_at_its_root_is_a_warning(tmp_path: Path) -> None:
    (told,) = [
        each
        for each in load(document(tmp_path, SCHEMA), Settings()).diagnostics
        if each.code == "schema-root"
    ]
    assert "`anyOf`" in told.message
    assert told.severity == "warning"


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({}, "must match one of several alternatives: /phone is required; or /email is required"),
        ({"phone": "1"}, "/phone"),
        ({"phone": "123", "fax": "1"}, "fax"),
    ],
)
def test_arguments_are_checked_against_it(tmp_path: Path, arguments: dict[str, Any], fault: str) -> None:
    with serving(document(tmp_path, SCHEMA), settings=Settings()) as served:
        result = call_tool(served.url("mcp"), "call", arguments)
        assert text_of(call_tool(served.url("mcp"), "call", {"email": "a@b"})) == "a@b"
    assert result.is_error
    assert fault in text_of(result)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:1/schema"},
        {"properties": {"a": {"type": 1}}},
        {"type": "string"},
        {"type": ["string", "null"]},
    ],
)
def test_one_that_is_none_or_stands_elsewhere_leaves_its_tool_out(
    tmp_path: Path, schema: dict[str, Any]
) -> None:
    with serving(document(tmp_path, schema), settings=Settings()) as served:
        assert [tool.name for tool in list_tools(served.url("mcp"))] == ["other"]


def test_what_only_some_clients_read_at_its_root_is_said_in_the_words_of_all(tmp_path: Path) -> None:
    schema = {"type": ["object", "null"], "properties": {"phone": True, "email": False}}
    with serving(document(tmp_path, schema), settings=Settings()) as served:
        tool, _ = list_tools(served.url("mcp"))
        assert call_tool(served.url("mcp"), "call", {"email": "x"}).is_error
    assert tool.input_schema == {"type": "object", "properties": {"phone": {}, "email": {"not": {}}}}


@pytest.mark.parametrize(("header", "status"), [("north", 200), ("south", 400)])
def test_a_header_that_repeats_an_argument_must_agree_with_it(
    tmp_path: Path, header: str, status: int
) -> None:
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    arguments = {"phone": "123", "region": "north"}
    params = {"name": "call", "arguments": arguments, "_meta": meta}
    headers = {
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "call",
        "mcp-param-region": header,
    }
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    with serving(document(tmp_path, SCHEMA), settings=Settings()) as served:
        assert httpx.post(served.url("mcp"), json=body, headers=headers).status_code == status
