"""Lookup steps: find the entries of an earlier step's output whose field equals a value, or one of a list of values.

Values of the same type are compared first. If none is equal, the values are
compared as text: formats without types write the number 1 as ``"1"``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from naftiko_run.expressions import MISSING, Expression, Scope, equality_key, is_same
from naftiko_run.invoke.step_output import StepOutput

_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LookupRunner:
    """Runs a lookup step.

    Attributes:
        index: Evaluates to the entries to search.
        match: The name of the field to compare.
        wanted: Evaluates to the value, or the list of values, to find.
        fields: The fields of an entry to return; empty for all.
    """

    kind: ClassVar[str] = "lookup"

    index: Expression
    match: str
    wanted: Expression
    fields: tuple[str, ...]

    async def run(self, scope: Scope) -> StepOutput:
        """Run the lookup.

        Returns:
            For a list of values, the entries found, in the order of the values; for
            one value, its entry, or a list if there are several. If nothing is
            found, an empty list or ``MISSING``.
        """
        wanted = self.wanted.evaluate(scope)
        if wanted is MISSING or wanted is None:
            return StepOutput(MISSING)
        entries = self.index.evaluate(scope)
        rows = [row for row in (entries if isinstance(entries, list) else [entries]) if isinstance(row, dict)]
        if isinstance(wanted, list):
            return StepOutput([self._select(row) for row in self._search_all(rows, wanted)])
        matches = [self._select(row) for row in self._search(rows, wanted)]
        if not matches:
            return StepOutput(MISSING)
        return StepOutput(matches if len(matches) > 1 else matches[0], matches[0])

    def _search(self, rows: Sequence[_Row], wanted: Any) -> list[_Row]:
        # JSON-equal values are equal in Python too, which rules out most rows faster.
        alike = [row for row in rows if row.get(self.match, MISSING) == wanted]
        found = [row for row in alike if is_same(row[self.match], wanted)]
        text = None if found else _text(wanted)
        return found if text is None else [row for row in rows if _text(row.get(self.match)) == text]

    def _search_all(self, rows: Sequence[_Row], wanted: list[Any]) -> list[_Row]:
        """Find each of several values, with indexes that are built once."""
        by_value: dict[Any, list[_Row]] = {}
        by_text: dict[str, list[_Row]] = {}
        for row in rows:
            if self.match in row:
                value = row[self.match]
                by_value.setdefault(value if type(value) in _PLAIN else equality_key(value), []).append(row)
        found: list[_Row] = []
        for value in wanted:
            matches = by_value.get(equality_key(value))
            if matches is None and (text := _text(value)) is not None:
                by_text = by_text or self._by_text(rows)
                matches = by_text.get(text)
            found += matches or ()
        return found

    def _by_text(self, rows: Sequence[_Row]) -> dict[str, list[_Row]]:
        by_text: dict[str, list[_Row]] = {}
        for row in rows:
            text = _text(row.get(self.match))
            if text is not None:
                by_text.setdefault(text, []).append(row)
        return by_text

    def _select(self, row: dict[str, Any]) -> dict[str, Any]:
        return {name: row.get(name) for name in self.fields} if self.fields else row


_PLAIN = frozenset({str, int, float, type(None)})
"""The types of values that are their own equality key."""


def _text(value: Any) -> str | None:
    """Return a scalar as CSV and XML write it; None for null, lists and objects."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else None
