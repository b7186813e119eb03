"""The tools of the published documents, as the official client of both eras is told of them and calls them."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import mcp_types as types
import pytest
from mcp.client.client import Client

from naftiko_run import Capability, Settings
from naftiko_run.capability.loading import compile_capability
from naftiko_run.document import Document, load_document
from naftiko_run.errors import DocumentError
from shared.documents import EVERY
from shared.test_corpus import EverythingSet, value
from shared.tool_rules import refusals
from support.mcp_client import ERAS, text_of
from support.server import serving

LIMIT = 120


def open_to_all(document: Document) -> Document:
    """Return a document whose adapters ask callers for nothing."""
    exposes = [replace(each, authentication=None) for each in document.exposes]
    return replace(document, exposes=tuple(exposes))


def sandboxed(path: Path) -> Capability | None:
    """Load a document that sends nothing to any upstream; None where it is refused or has no MCP adapter."""
    try:
        loaded = load_document(path)
        opened = replace(loaded, document=open_to_all(loaded.document))
        capability = compile_capability(opened, Settings(sandbox=True, environment=EverythingSet()))
    except DocumentError:
        return None
    return capability if any(each.type == "mcp" for each in capability.document.exposes) else None


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
@pytest.mark.parametrize("mode", ERAS)
def test_every_tool_is_told_in_sound_schemas_and_can_be_called(path: Path, mode: str) -> None:
    capability = sandboxed(path)
    if capability is None:
        return
    with serving(capability, settings=Settings()) as served:
        for url in served.urls("mcp"):
            asyncio.run(asyncio.wait_for(check(url, mode), LIMIT))


async def check(url: str, mode: str) -> None:
    async with Client(url, mode=mode) as client:
        tools = (await client.list_tools()).tools
        assert len({tool.name for tool in tools}) == len(tools)
        for tool in tools:
            assert not [*refusals(tool)]
            check_schema(tool.input_schema, tool.name)
            assert tool.input_schema["type"] == "object"
            if tool.output_schema is not None:
                check_schema(tool.output_schema, tool.name)
                assert tool.output_schema["type"] == "object" or mode == "auto"
            for every in (False, True):
                result = await client.call_tool(tool.name, arguments(tool, every=every))
                assert isinstance(result, types.CallToolResult)
                assert result.content
                assert not result.is_error or "a binary body must be a single value" in text_of(result), (
                    tool.name,
                    result.content,
                )


def check_schema(schema: dict[str, Any], name: str) -> None:
    jsonschema_rs.meta.validate(schema)
    assert "$ref" not in str(schema), name
    jsonschema_rs.Draft202012Validator(schema)


def arguments(tool: types.Tool, *, every: bool) -> dict[str, Any]:
    required = tool.input_schema.get("required", ())
    properties = tool.input_schema["properties"]
    return {name: value(each, name) for name, each in properties.items() if every or name in required}
