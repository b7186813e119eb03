"""Rows below a header, as objects: what delimited text and the tables of pages have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

MAX_LACKING: Final = 1_000_000
"""A header of a hundred thousand names above as many short rows would be ten billion empty values."""


def unique_names(header: Iterable[str]) -> list[str]:
    """Give the names of a header without space around them; one that stands there again gets a number."""
    names: dict[str, None] = {}
    numbers: dict[str, int] = {}
    for written in header:
        name = free = written.strip()
        number = numbers.get(name, 2)
        while free in names:
            free, number = f"{name}-{number}", number + 1
        numbers[name] = number
        names[free] = None
    return [*names]


def row_objects(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """Give an object for each row; what a short row lacks is empty, what a long one has more is dropped.

    Raises:
        ValueError: The rows lack far more than any table's.
    """
    count = len(header)
    lacking = sum(count - len(row) for row in rows if len(row) < count)
    if lacking > MAX_LACKING:
        raise ValueError(
            f"its header has {count:,} values, and its {len(rows):,} rows lack {lacking:,} of them; "
            f"at most {MAX_LACKING:,} may be lacking"
        )
    return [dict(zip(header, [*row[:count], *[""] * (count - len(row))], strict=True)) for row in rows]
