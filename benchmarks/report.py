"""What a run found, as plain data: kept as JSON, and read again to print it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

DIRECT: Final = "ours, REST: a direct call"
"""The subject that most goals speak of."""


@dataclass(frozen=True, slots=True)
class Row:
    """How something bore a load.

    Attributes:
        group: What was varied: ``subjects``, ``connections``, ``documents``, ``answers`` or ``requests``.
        subject: What was measured.
        family: What that is compared as.
        at: How many connections, or documents, or bytes.
        connections: How many connections there were.
        rate: Requests a second, the median of all rounds.
        spread: The largest rate less the smallest, as a part of the median.
        p50: Milliseconds.
        p99: Milliseconds.
        cpu: Microseconds of the server's processor time for a request.
        peak: The most bytes of memory.
        faults: What went wrong; where something did, the row counts for nothing.
        era: The MCP protocol version.
    """

    group: str
    subject: str
    family: str
    at: int
    connections: int
    rate: float
    spread: float
    p50: float
    p99: float
    cpu: float
    peak: int
    faults: str = ""
    era: str = ""


@dataclass(slots=True)
class Report:
    """What a run found.

    Attributes:
        machine: Where.
        manner: How long and how often.
        versions: Of everything that took part.
        rows: What bore a load.
        figures: What was measured once, by name.
    """

    machine: str
    manner: str
    versions: dict[str, str]
    rows: list[Row] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)

    def of(self, group: str, family: str = "", *, at: int | None = None, era: str = "") -> list[Row]:
        """Give the sound rows of a group that are of a family, at a place, of a protocol era."""
        return [
            row
            for row in self.rows
            if row.group == group
            and family in ("", row.family)
            and at in (None, row.at)
            and row.era == era
            and not row.faults
        ]

    def write(self, file: Path) -> None:
        """Keep it in a file."""
        file.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> Report:
        """Give what was kept in a file."""
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return cls(**{**found, "rows": [Row(**row) for row in found["rows"]]})


def best(rows: Iterable[Row]) -> Row | None:
    """Give the fastest; None of none."""
    return max(rows, key=lambda row: row.rate, default=None)
