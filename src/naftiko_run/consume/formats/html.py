"""``html``: the tables of an HTML page, within limits beyond which the parser takes quadratic time."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from naftiko_run.consume.formats.format import FormatSettings, missing_extra, row_objects, unique_names
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


MAX_DEPTH: Final = 500
"""The maximum nesting of elements; browsers stop at 512."""
MAX_TABLES: Final = 30
"""The maximum nesting of tables: the text of each is repeated in every table around it."""
MAX_ATTRIBUTES: Final = 500
"""The maximum number of attributes of a tag."""

_TAG: Final = re.compile(
    r"""<!--(?:-?>|.*?(?:--!?>|\Z))
      | <(?P<raw>script|style|textarea|title|xmp|iframe|noembed|noframes)\b.*?(?:</(?P=raw)|\Z)
      | <(?P<end>/?)(?P<name>[a-z][^\s/>]*)""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
_ATTRIBUTE: Final = re.compile(r"""[^\s/>=][^\s/>=]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"']*))?[\s/]*""")
_SHORT: Final = 2 * MAX_ATTRIBUTES
"""A tag with fewer characters cannot have too many attributes."""

_WITHOUT_DEPTH: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track"}
    | {"wbr", "p", "li", "dt", "dd", "option", "optgroup", "rp", "rt", "colgroup"}
)
"""Void elements, and elements that the next one of their kind closes."""
_CELLS: Final = frozenset({"caption", "thead", "tbody", "tfoot", "tr", "th", "td"})
"""Elements whose start or end tag closes all open elements of the table."""


@dataclass(slots=True)
class _Level:
    """The open elements in one table, or outside all tables."""

    names: Counter[str] = field(default_factory=Counter)
    count: int = 0

    def begin(self, name: str) -> int:
        """Open an element, and return the change in depth."""
        if name in _WITHOUT_DEPTH:
            return 0
        self.names[name] += 1
        self.count += 1
        return 1

    def end(self, name: str) -> int:
        """Close an element if it is open, and return the change in depth."""
        if not self.names[name]:
            return 0
        self.names[name] -= 1
        self.count -= 1
        return -1


def check_limits(page: str) -> None:
    """Check that a page can be parsed in time proportional to its length.

    The check is an approximation of the parser; their counts differ slightly.

    Raises:
        ValueError: The page exceeds a limit; the message names the limit.
    """
    levels = [_Level()]
    depth = 0
    for found in _TAG.finditer(page):
        if found["name"] is None:
            continue
        name, ends, level = found["name"].lower(), bool(found["end"]), levels[-1]
        if name == "table" and not ends:
            levels.append(_Level())
        elif len(levels) > 1 and name in _CELLS:
            depth -= level.count
            levels[-1] = _Level()
        elif len(levels) > 1 and name == "table":
            depth -= levels.pop().count
        elif ends:
            depth += level.end(name)
        elif not (_is_in_svg_or_math(level) and _is_self_closing(page, found.end())):
            depth += level.begin(name)
        if depth > MAX_DEPTH:
            raise ValueError(f"its elements are nested more than {MAX_DEPTH} levels deep")
        if len(levels) > MAX_TABLES + 1:
            raise ValueError(f"its tables are nested more than {MAX_TABLES} levels deep")
        if not ends:
            _check_attributes(page, found.end())


def _is_in_svg_or_math(level: _Level) -> bool:
    return bool(level.names["svg"] or level.names["math"])


def _is_self_closing(page: str, start: int) -> bool:
    return page.startswith("/", page.find(">", start) - 1)


def _check_attributes(page: str, start: int) -> None:
    end = page.find(">", start, start + _SHORT)
    if end >= 0 and not (page.count('"', start, end) % 2 or page.count("'", start, end) % 2):
        return
    for count, found in enumerate(_ATTRIBUTE.finditer(page, start)):
        if page.startswith(">", found.end()):
            return
        if count > MAX_ATTRIBUTES:
            raise ValueError(f"one of its tags has more than {MAX_ATTRIBUTES} attributes")
