"""Long lists in pages: a cursor names what the last page ended with, so any replica can go on, and a list can change."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import mcp_types as types
from mcp.shared.exceptions import MCPError

PAGE_SIZE: Final = 1000
"""How many entries a page has: clients that never ask for a second page see most servers whole."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list.

    Attributes:
        entries: What is on it.
        next_cursor: Asks for the page that follows; None on the last one.
    """

    entries: list[T]
    next_cursor: str | None


def paginate(
    entries: Sequence[tuple[str, T]], params: types.PaginatedRequestParams | None, size: int = PAGE_SIZE
) -> Page[T]:
    """Give the page of a list that a request asks for.

    Args:
        entries: Each with the name that tells it from the others, in the list's order.
        params: The request's.
        size: How many entries a page has.

    Raises:
        MCPError: The cursor is none of this list's.
    """
    first = _after(entries, params.cursor) if params is not None and params.cursor is not None else 0
    shown = entries[first : first + size]
    is_last = first + size >= len(entries)
    return Page([each for _, each in shown], None if is_last else _cursor(shown[-1][0]))


def _cursor(name: str) -> str:
    return urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _after(entries: Sequence[tuple[str, T]], cursor: str) -> int:
    try:
        name = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        names = [each for each, _ in entries]
        return len(names) - names[::-1].index(name)
    except ValueError:
        raise MCPError(
            types.INVALID_PARAMS,
            "This cursor is none of this list's, or the list has changed: ask again without a cursor",
        ) from None
