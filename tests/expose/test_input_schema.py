"""``x-inputSchema``: a schema of arguments in the author's own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from naftiko_run import Settings
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


def test_it_is_told_as_it_stands(tmp_path: Path) -> None:
    with serving(document(tmp_path, SCHEMA), settings=Settings()) as served:
        tool, _ = list_tools(served.url("mcp"))
    assert tool.input_schema == SCHEMA


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({}, "must fit one of several, and does not: /phone is required; or /email is required"),
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
