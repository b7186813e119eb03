"""``html``: the tables of an HTML page."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from naftiko_run.consume.formats.format import FormatSettings, missing_extra
from naftiko_run.consume.formats.html_limits import check_limits
from naftiko_run.consume.formats.tables import row_objects, unique_names
from naftiko_run.consume.formats.text import encoding_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_META = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_META_WITHIN = 1024
_SEPARATED = "br, p, div, li, td, th"
"""Elements that are separated from the text around them."""


class HtmlFormat:
    """HTML: ``{"tables": [[{header: cell}]]}`` of the tables that ``outputSchema``, a CSS selector, selects.

    Tables without header cells are skipped, and so are body rows with header cells.
    """

    accept: ClassVar[str] = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5"
    unmapped: ClassVar[Literal["text"]] = "text"

    def __init__(self, settings: FormatSettings) -> None:
        try:
            from selectolax.lexbor import LexborHTMLParser, SelectolaxError
        except ImportError as fault:
            raise missing_extra("html", fault) from None
        self._parse = LexborHTMLParser
        self._selector = settings.output_schema.strip()
        try:
            LexborHTMLParser("").css(self._selector or "table")
        except SelectolaxError:
            raise ValueError(f"`{self._selector}` is not a valid CSS selector") from None

    def decode(self, content: bytes, media_type: str) -> Any:
        """Decode a response; see ``Format.decode``."""
        text = _text(content, media_type)
        check_limits(text)
        page = self._parse(text)
        page.strip_tags(["script", "style", "template"])
        for node in page.css(_SEPARATED):
            node.insert_before(" ")
        tables: dict[int, LexborNode] = {}
        for found in page.css(self._selector or "table"):
            for table in [found] if found.tag == "table" else found.css("table"):
                tables.setdefault(table.mem_id, table)
        return {"tables": [rows for table in tables.values() if (rows := _rows(table)) is not None]}


def _text(content: bytes, media_type: str) -> str:
    """Decode a page as browsers do, replacing invalid bytes."""
    encoding, skipped = encoding_of(content, media_type) or ("", 0)
    declared = None if encoding else _META.search(content[:_META_WITHIN])
    if declared:
        try:
            encoding = codecs.lookup(declared[1].decode()).name
        except LookupError:
            encoding = ""
    return content[skipped:].decode(encoding or "utf-8", "replace")


def _rows(table: LexborNode) -> list[dict[str, str]] | None:
    """Return the rows of a table without those of nested tables; None if it has no header."""
    head: list[list[LexborNode]] = []
    body: list[list[LexborNode]] = []
    for section in table.iter():
        if section.tag in ("thead", "tbody"):
            rows = [cells for row in section.iter() if row.tag == "tr" and (cells := [*_cells(row)])]
            (head if section.tag == "thead" else body).extend(rows)
    first = head[0] if head else [cell for cell in (body or [[]])[0] if cell.tag == "th"]
    header = unique_names(_cell_text(cell) for cell in first)
    if not any(header):
        return None
    return row_objects(
        header,
        [[_cell_text(cell) for cell in row] for row in body if all(cell.tag == "td" for cell in row)],
    )


def _cells(row: LexborNode) -> Iterator[LexborNode]:
    return (cell for cell in row.iter() if cell.tag in ("td", "th"))


def _cell_text(cell: LexborNode) -> str:
    return " ".join(cell.text().split())
