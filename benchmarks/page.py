"""The tables in a page."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from benchmarks.report import Report
from benchmarks.sheets import markdown

BEGIN: Final = "<!-- benchmark: begin -->\n"
END: Final = "<!-- benchmark: end -->\n"


def write(report: Report, page: Path) -> None:
    """Write the tables between the markers of a page.

    Raises:
        ValueError: It has no markers.
    """
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page.name} has no line `{BEGIN.strip()}` with a `{END.strip()}` after it")
    page.write_text(f"{before}{BEGIN}\n{markdown(report)}\n\n{END}{after}", encoding="utf-8")
