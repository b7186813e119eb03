"""Why a path is refused."""

from __future__ import annotations


class JsonPathError(ValueError):
    """A path that means nothing.

    Attributes:
        reason: What is wrong.
        index: Where in the path, counted from 0; None where that is not known.
        hint: How to fix it; empty where that is not known.
    """

    def __init__(self, path: str, reason: str, index: int | None = None, hint: str = "") -> None:
        where = "" if index is None else f" at character {min(index, len(path)) + 1}"
        super().__init__(f"`{path}` is not a JSONPath: {reason}{where}{f' ({hint})' if hint else ''}")
        self.reason = reason
        self.index = index
        self.hint = hint
