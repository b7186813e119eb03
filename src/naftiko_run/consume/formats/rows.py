"""Rows below a header, as objects: what delimited text and the tables of pages have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def distinct(header: Iterable[str]) -> list[str]:
    """Give the names of a header without space around them; one that stands there again gets a number."""
    names: list[str] = []
    for written in header:
        name = written.strip()
        free, number = name, 2
        while free in names:
            free, number = f"{name}-{number}", number + 1
        names.append(free)
    return names


def objects(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[dict[str, str]]:
    """Give an object for each row; what a short row lacks is empty, what a long one has more is dropped."""
    count = len(header)
    return [dict(zip(header, [*row[:count], *[""] * (count - len(row))], strict=True)) for row in rows]
