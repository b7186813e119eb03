"""Limits of HTML pages, checked before parsing because the parser takes quadratic time beyond them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

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
