"""Lookup steps: the entries of an earlier step's output whose field equals a value, or one of a list of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from naftiko_run.expressions import MISSING, Expression, Scope
from naftiko_run.invoke.stepoutput import StepOutput


@dataclass(frozen=True, slots=True)
class Lookup:
    """A lookup step, compiled.

    Attributes:
        index: Gives what is searched.
        match: The field that is compared.
        wanted: Gives what it is compared with.
        fields: What is kept of an entry that was found; none for all of it.
    """

    index: Expression
    match: str
    wanted: Expression
    fields: tuple[str, ...]

    async def run(self, scope: Scope) -> StepOutput:
        """Search.

        Returns:
            For a list of values, the entries found, in the order of the values;
            for one value its entry, or a list where there are several.
            a list is empty, and one value gives ``MISSING``, where nothing is found.
        """
        wanted = self.wanted.evaluate(scope)
        if wanted is MISSING or wanted is None:
            return StepOutput(MISSING)
        entries = self.index.evaluate(scope)
        rows = [row for row in (entries if isinstance(entries, list) else [entries]) if isinstance(row, dict)]
        if isinstance(wanted, list):
            found = self._search_all(rows, wanted)
            return StepOutput(found)
        # What is equal is equal to Python too, which tells far sooner of most rows that they are not.
        alike = [row for row in rows if row.get(self.match, MISSING) == wanted]
        matches = [self._kept(row) for row in alike if equal(row[self.match], wanted)]
        if not matches:
            return StepOutput(MISSING)
        return StepOutput(matches if len(matches) > 1 else matches[0], matches[0])

    def _search_all(self, rows: Sequence[dict[str, Any]], wanted: list[Any]) -> list[dict[str, Any]]:
        """Search for each of several values, by an index that is made once."""
        by_value: dict[Any, list[dict[str, Any]]] = {}
        for row in rows:
            if self.match in row:
                value = row[self.match]
                key = value if type(value) in _PLAIN else _identity(value)
                by_value.setdefault(key, []).append(row)
        return [self._kept(row) for value in wanted for row in by_value.get(_identity(value), ())]

    def _kept(self, row: dict[str, Any]) -> dict[str, Any]:
        return {name: row.get(name) for name in self.fields} if self.fields else row


_PLAIN = frozenset({str, int, float, type(None)})
"""The types of values that are their own identity."""


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same, types and all: ``1`` is ``1.0``, and neither ``"1"`` nor ``true``."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other) if not isinstance(one, dict | list) else _identity(one) == _identity(other)


def _identity(value: Any) -> Any:
    """Give what two values share that are equal, and no others: it can be a key."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, dict):
        return ("object", frozenset((key, _identity(member)) for key, member in value.items()))
    if isinstance(value, list):
        return ("array", tuple(_identity(member) for member in value))
    return value
