"""Functions as MCP tools: what ``tools/list`` says of them."""

from __future__ import annotations

import mcp_types as types

from naftiko_run.document.model import Hints, Tool
from naftiko_run.invoke import Function


def tool_of(unit: Tool, function: Function) -> types.Tool:
    """Give the MCP description of a tool."""
    return types.Tool(
        name=unit.name,
        title=unit.label or None,
        description=function.description or None,
        input_schema=function.input_schema,
        annotations=_annotations(unit.hints) if unit.hints else None,
    )


def _annotations(hints: Hints) -> types.ToolAnnotations:
    return types.ToolAnnotations(
        read_only_hint=hints.read_only,
        destructive_hint=hints.destructive,
        idempotent_hint=hints.idempotent,
        open_world_hint=hints.open_world,
    )
