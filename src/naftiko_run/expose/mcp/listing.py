"""Lists of tools, prompts and resources: the metadata of their entries, and pagination.

A cursor encodes the name of the last entry of a page, so that any replica can serve the next page and the list may
change in between.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

import mcp_types as types
from mcp.shared.exceptions import MCPError

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


PAGE_SIZE: Final = 1000
"""Entries per page: large, because some clients never request a second page."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list.

    Attributes:
        entries: The entries of the page.
        next_cursor: The cursor of the next page; None on the last page.
    """

    entries: list[T]
    next_cursor: str | None


def paginate(
    entries: Sequence[tuple[str, T]], params: types.PaginatedRequestParams | None, size: int = PAGE_SIZE
) -> Page[T]:
    """Return the page of a list that a request asks for.

    Args:
        entries: The whole list in order, each entry with its unique name.
        params: The parameters of the request.
        size: The number of entries per page.

    Raises:
        MCPError: The cursor is not valid for this list.
    """
    first = _start_index(entries, params.cursor) if params is not None and params.cursor is not None else 0
    shown = entries[first : first + size]
    is_last = first + size >= len(entries)
    return Page([each for _, each in shown], None if is_last else _encode_cursor(shown[-1][0]))


def _encode_cursor(name: str) -> str:
    return urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _start_index(entries: Sequence[tuple[str, T]], cursor: str) -> int:
    try:
        name = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        names = [each for each, _ in entries]
        return len(names) - names[::-1].index(name)
    except ValueError:
        raise MCPError(
            types.INVALID_PARAMS,
            "Invalid cursor: it is not from this list, or the list has changed; send the request without a cursor",
        ) from None
