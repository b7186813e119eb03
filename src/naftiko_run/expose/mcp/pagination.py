"""Pagination of lists.

A cursor encodes the name of the last entry of a page, so that any replica can serve the next page and the list may
change in between.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import mcp_types as types
from mcp.shared.exceptions import MCPError

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
