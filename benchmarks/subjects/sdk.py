"""The official MCP SDK's low-level server with one tool that answers a constant: no session, JSON answers."""

from __future__ import annotations

import json
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server

from benchmarks.answers import TRACKED

TOOL = types.Tool(
    name="track-event",
    description="Track an event",
    input_schema={"type": "object", "properties": {"body": {"type": "object"}}, "required": ["body"]},
)
RESULT = types.CallToolResult(
    content=[types.TextContent(text=TRACKED.decode())], structured_content=json.loads(TRACKED)
)


async def list_tools(
    context: ServerRequestContext[Any],  # noqa: ARG001 - the SDK's form
    params: types.PaginatedRequestParams | None,  # noqa: ARG001
) -> types.ListToolsResult:
    """Tell of the tool."""
    return types.ListToolsResult(tools=[TOOL])


async def call_tool(
    context: ServerRequestContext[Any],  # noqa: ARG001
    params: types.CallToolRequestParams,  # noqa: ARG001
) -> types.CallToolResult:
    """Answer what the upstream would."""
    return RESULT


app = Server("bench", on_list_tools=list_tools, on_call_tool=call_tool).streamable_http_app(
    json_response=True, stateless_http=True
)
