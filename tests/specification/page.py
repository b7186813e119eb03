"""The page of the documentation that tells what is supported, as tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "specification-coverage.md"
LINES: Final = ("naftiko", "ikanos")
_TICKED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Row:
    """A field, or a schema without fields of its own.

    Attributes:
        names: Its name in each line; empty where the line does not have it, or writes it as a key.
        supported: What becomes of it.
        tests: Test files, below ``tests/``, each perhaps with ``::`` and a test.
    """

    names: tuple[str, str]
    supported: str
    tests: tuple[str, ...]


@dataclass(slots=True)
class Table:
    """An object of the specification.

    Attributes:
        title: Its heading.
        schemas: The names of its schemas in each line.
    """

    title: str
    schemas: tuple[set[str], set[str]] = field(default_factory=lambda: (set(), set()))
    rows: list[Row] = field(default_factory=list)


def read_page() -> list[Table]:
    """Give the tables of the page; a heading without a table is one without rows."""
    tables: list[Table] = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            tables.append(Table(line.lstrip("# ")))
        elif line.startswith("Schema: "):
            listed = line.removeprefix("Schema: ").partition(". ")[0]
            naftiko, _, ikanos = listed.partition(" · ")
            tables[-1].schemas = (set(_TICKED.findall(naftiko)), set(_TICKED.findall(ikanos or naftiko)))
        elif line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            if cells[0] not in ("naftiko", "schema", "---"):
                tables[-1].rows.append(_row(*cells))
    return tables


def rows() -> Iterator[tuple[str, Row]]:
    """Give every row, with its heading."""
    for table in read_page():
        for row in table.rows:
            yield table.title, row


def _row(naftiko: str, ikanos: str, supported: str, tests: str) -> Row:
    return Row((_name(naftiko), _name(ikanos)), supported, tuple(_TICKED.findall(tests)))


def _name(cell: str) -> str:
    found = _TICKED.fullmatch(cell)
    return found[1] if found else ""
