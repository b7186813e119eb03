"""Convert the operations of a REST adapter into the tools of an MCP adapter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from naftiko_run.capability import Capability
from naftiko_run.document.model import Hints, McpExposes, RestExposes, RestOperation, Tool
from naftiko_run.invoke import Function, is_safe_to_call

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")
_MAX_NAME: Final = 64


def tools_of(exposes: RestExposes, capability: Capability) -> McpExposes:
    """Return the MCP adapter whose tools are the operations of a REST adapter."""
    tools: dict[str, Tool] = {}
    for resource in exposes.resources:
        for operation in resource.operations:
            written = operation.name or f"{operation.method} {resource.path}"
            name = _free_name(written, tools)
            function = capability.functions.get(operation.pointer)
            tools[name] = replace(_tool(name, operation, function), written_name=written)
    return McpExposes(
        pointer=exposes.pointer,
        namespace=exposes.namespace,
        description=exposes.description,
        tools=tuple(tools.values()),
        unavailable=exposes.unavailable,
    )


def _tool(name: str, operation: RestOperation, function: Function | None) -> Tool:
    """Return the tool of an operation; it is read-only if its calls are, whatever the method of its route."""
    is_safe = function is not None and is_safe_to_call(operation, function.operations)
    return Tool(
        pointer=operation.pointer,
        name=name,
        label=operation.label,
        description=operation.description,
        hints=Hints(read_only=True) if is_safe else None,
    )


def _free_name(written: str, taken: Iterable[str]) -> str:
    """Return a tool name that every client accepts and that is not in use."""
    safe = _UNSAFE.sub("-", written).strip("-")[:_MAX_NAME] or "operation"
    name, number = safe, 2
    while name in taken:
        name = f"{safe[: _MAX_NAME - len(str(number)) - 1]}-{number}"
        number += 1
    return name
