"""Convert table rows into objects with the header as keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

MAX_MISSING: Final = 1_000_000
"""The maximum number of missing values that are filled in: a header of a hundred thousand names with as many short
rows would need ten billion."""


def unique_names(header: Iterable[str]) -> list[str]:
    """Return the names in a header, stripped of white space; duplicates get a number as suffix."""
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
    """Return an object for each row; missing values are empty and extra values are dropped.

    Raises:
        ValueError: Too many values are missing.
    """
    count = len(header)
    missing = sum(count - len(row) for row in rows if len(row) < count)
    if missing > MAX_MISSING:
        raise ValueError(
            f"its header has {count:,} columns, and its {len(rows):,} rows have {missing:,} missing values; "
            f"the maximum is {MAX_MISSING:,}"
        )
    return [dict(zip(header, [*row[:count], *[""] * (count - len(row))], strict=True)) for row in rows]
