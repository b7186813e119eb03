"""Tools as clients are told of them."""

from __future__ import annotations

from functools import lru_cache

import mcp_types as types

from naftiko_run.document.model import Hints, Tool
from naftiko_run.expose.mcp.asks import Questionnaire
from naftiko_run.invoke import Function


def describe(model: Tool, function: Function, asks: Questionnaire) -> types.Tool:
    """Give what a client is told of a tool.

    Args:
        model: The tool, as the document has it.
        function: What it calls.
        asks: What is asked of the caller's user: no argument of a call.
    """
    schema = function.input_schema
    if asks:
        properties = schema.get("properties", {})
        given = {name: each for name, each in properties.items() if not asks.is_asked(name)}
        required = [name for name in schema.get("required", ()) if not asks.is_asked(name)]
        schema = {**schema, "properties": given, "required": required}
    return types.Tool(
        name=model.name,
        title=model.label or None,
        description=function.description or None,
        input_schema=schema,
        _meta=model.meta or None,
        annotations=_annotations(_flags(model.hints)) if model.hints else None,
    )


_Flags = tuple[bool | None, bool | None, bool | None, bool | None]


def _flags(hints: Hints) -> _Flags:
    return hints.read_only, hints.destructive, hints.idempotent, hints.open_world


@lru_cache
def _annotations(flags: _Flags) -> types.ToolAnnotations:
    """Give annotations; there are few, which thousands of tools share."""
    read_only, destructive, idempotent, open_world = flags
    return types.ToolAnnotations(
        read_only_hint=read_only,
        destructive_hint=destructive,
        idempotent_hint=idempotent,
        open_world_hint=open_world,
    )
