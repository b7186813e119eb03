"""Metadata that lists show to clients: tool definitions, titles and annotations."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import mcp_types as types

from naftiko_run.document.model import Hints, Prompt, Resource, Tool


def tool_definition(model: Tool, description: str, schema: dict[str, Any]) -> types.Tool:
    """Return the definition of a tool as ``tools/list`` shows it.

    Args:
        model: The tool in the document.
        description: The description for people and models.
        schema: The input schema.
    """
    return types.Tool(
        name=model.name,
        title=title_of(model),
        description=description or None,
        input_schema=schema,
        _meta=model.meta or None,
        annotations=_annotations(model),
    )


def title_of(model: Tool | Prompt | Resource) -> str | None:
    """Return a title: the label, else the name as written in the document if clients see a different name."""
    written = model.written_name if model.written_name != model.name else ""
    return model.label or written or None


_Flags = tuple[bool | None, bool | None, bool | None, bool | None]


def _flags(hints: Hints) -> _Flags:
    return hints.read_only, hints.destructive, hints.idempotent, hints.open_world


def _annotations(model: Tool) -> types.ToolAnnotations | None:
    """Return the annotations of a tool, with its label: clients of 2025-03-26 read the title there."""
    hints = _hints(_flags(model.hints)) if model.hints else None
    if not model.label:
        return hints
    return (hints or types.ToolAnnotations()).model_copy(update={"title": model.label})


@lru_cache
def _hints(flags: _Flags) -> types.ToolAnnotations:
    """Return annotations, cached: thousands of tools share the few combinations."""
    read_only, destructive, idempotent, open_world = flags
    return types.ToolAnnotations(
        read_only_hint=read_only,
        destructive_hint=destructive,
        idempotent_hint=idempotent,
        open_world_hint=open_world,
    )
