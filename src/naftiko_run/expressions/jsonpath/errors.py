"""The error for invalid paths."""

from __future__ import annotations


class JsonPathError(ValueError):
    """A path is invalid.

    Attributes:
        reason: What is wrong.
        index: The position in the path, from 0; None if unknown.
        hint: How to fix it; empty if unknown.
    """

    def __init__(self, path: str, reason: str, index: int | None = None, hint: str = "") -> None:
        where = "" if index is None else f" at character {min(index, len(path)) + 1}"
        super().__init__(f"`{path}` is not a JSONPath: {reason}{where}{f' ({hint})' if hint else ''}")
        self.reason = reason
        self.index = index
        self.hint = hint
