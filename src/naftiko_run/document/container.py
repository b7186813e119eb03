"""A mapping or list of a document, and where its members stand."""

from __future__ import annotations

from typing import Any


class Container:
    """A mapping or list, and where its members stand: marks, of which only a finding needs the line and column.

    Args:
        data: The mapping or list.
        start: Where it begins.
        anchor: What aliases call it; None for nothing.
        before: How many values the document has before it.

    Attributes:
        keys: Of a mapping, where each key stands, in order.
        values: Where each member stands, in order; those that ``<<`` brings stand at its end, and nowhere.
        key: The key whose value comes next; None for ``<<``.
        awaits_key: Whether a key comes next.
        merged: What ``<<`` brings.
        levels: How many levels of mappings and lists it has, itself included, aliases resolved.
    """

    __slots__ = (
        "anchor",
        "awaits_key",
        "before",
        "data",
        "key",
        "keys",
        "levels",
        "merged",
        "start",
        "values",
    )

    def __init__(self, data: Any, start: Any, anchor: str | None, before: int) -> None:
        self.data = data
        self.start = start
        self.anchor = anchor
        self.before = before
        self.keys: list[Any] = []
        self.values: list[Any] = []
        self.key: str | None = ""
        self.awaits_key = type(data) is dict
        self.merged: list[dict[str, Any]] = []
        self.levels = 1

    def position(self, part: str | int | None = None, *, of_key: bool = False) -> tuple[int, int] | None:
        """Give the place of a member as (line, column) from 0, or its own; None where it has no such member.

        Args:
            part: The member's key or index; None for the container itself.
            of_key: Prefer the place of the key, where it has one.
        """
        mark = self.start
        if part is not None:
            if part not in (self.data if isinstance(self.data, dict) else range(len(self.data))):
                return None
            index = [*self.data].index(part) if isinstance(self.data, dict) else int(part)
            if index < len(self.values):  # else `<<` brought it
                mark = self.keys[index] if of_key and self.keys else self.values[index]
        return mark.line, mark.column

    def apply_merges(self) -> None:
        """Add the keys of `<<` that the mapping does not have itself."""
        for source in self.merged:
            for key, value in source.items():
                self.data.setdefault(key, value)
