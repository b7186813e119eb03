"""Read values of a document as the expected type, or report a diagnostic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from naftiko_run.diagnostics import Pointer, Report


@dataclass(slots=True)
class Reader:
    """A mapping of the document, its place, and the report for its diagnostics.

    Attributes:
        data: The mapping as written.
        at: Its place.
        report: Receives the diagnostics.
        key: Its key in a named map; empty in a list.
    """

    data: dict[str, Any]
    at: Pointer
    report: Report
    key: str = field(default="")

    def text(self, *keys: str) -> str:
        """Return the value of the first of these keys that is present, as text; empty where none is."""
        for key in keys:
            value = self.data.get(key)
            if isinstance(value, str):
                return value
            if value is None:
                continue
            if isinstance(value, bool):
                return str(value).lower()
            if isinstance(value, int | float):
                return str(value)
            self.report.warning("wrong-type", f"`{key}` must be text; it was ignored", (*self.at, key))
        return ""

    def flag(self, key: str) -> bool | None:
        """Return a boolean, which may be written as text; None where it is missing or neither."""
        value = self.data.get(key)
        if isinstance(value, bool) or value is None:
            return value
        word = str(value).casefold()
        if word in ("true", "yes", "on"):
            return True
        if word in ("false", "no", "off"):
            return False
        self.report.warning("wrong-type", f"`{key}` must be true or false; it was ignored", (*self.at, key))
        return None

    def mapping(self, *keys: str) -> Reader | None:
        """Return the mapping under the first of these keys that has one."""
        for key in keys:
            value = self.data.get(key)
            if isinstance(value, dict):
                return Reader(value, (*self.at, key), self.report)
            if value is not None:
                self.report.warning(
                    "wrong-type", f"`{key}` must be a mapping; it was ignored", (*self.at, key)
                )
        return None

    def members(self, *keys: str) -> Iterator[Reader]:
        """Return the mappings of a list, or of a named map, under the first of these keys that is present.

        In a named map (the form of the ``ikanos`` line) ``key`` is each member's name.
        """
        for key in keys:
            value = self.data.get(key)
            if value is None:
                continue
            if isinstance(value, (list, dict)):
                return self._each(key, value)
            self.report.warning("wrong-type", f"`{key}` must be a list; it was ignored", (*self.at, key))
        return iter(())

    def _each(self, key: str, value: list[Any] | dict[str, Any]) -> Iterator[Reader]:
        named = isinstance(value, dict)
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for index, member in pairs:
            at = (*self.at, key, index)
            if isinstance(member, dict):
                yield Reader(member, at, self.report, str(index) if named else "")
            elif named and isinstance(member, str | int | float | bool):
                yield Reader({"value": member}, at, self.report, key=str(index))
            else:
                self.report.warning(
                    "wrong-type", f"an entry of `{key}` must be a mapping; it was ignored", at
                )


def texts(value: Any, at: Pointer) -> Iterator[tuple[Pointer, str]]:
    """Yield every text inside a value, with its place."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from texts(member, (*at, key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from texts(member, (*at, index))
