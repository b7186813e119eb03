"""Full-text search of tools: BM25 over their names, descriptions and inputs, with SQLite's FTS5."""

from __future__ import annotations

import re
import unicodedata
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import mcp_types as types

from naftiko_run.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlite3 import Connection

_WEIGHTS: Final = {"name": 8.0, "title": 5.0, "description": 3.0, "inputs": 1.0, "origin": 2.0}
"""The weight of a word by the column that contains it."""

_CREATE: Final = (
    f"CREATE VIRTUAL TABLE tools USING fts5({', '.join(_WEIGHTS)}, content='', tokenize='porter unicode61')"
)
_INSERT: Final = f"INSERT INTO tools VALUES ({', '.join('?' * len(_WEIGHTS))})"  # noqa: S608 - our own names
_SELECT: Final = (
    f"SELECT rowid FROM tools WHERE tools MATCH ? ORDER BY bm25(tools, {', '.join(map(str, _WEIGHTS.values()))}), "  # noqa: S608
    "rowid LIMIT ? OFFSET ?"
)

_MAX_WORDS: Final = 40
_MAX_QUERY_LENGTH: Final = 2000
_MIN_PREFIX_LENGTH: Final = 3
"""A word of a query with at least this many characters also matches words that begin with it."""

_MAX_LAZY_TOOLS: Final = 100
"""An index of more tools is built at load time, not at the first search."""

_STOP_WORD_LIST: Final = """
a about all an and any are as at be been by can could do does for from had has have how i if in into is it its me my
need of on or our please should so some that the their them then there these this those to up us want was we were what
when where which who will with would you your
"""
"""English stop words: descriptions are so short that BM25 would treat these as rare words."""

_STOP_WORDS: Final = frozenset(_STOP_WORD_LIST.split())

_CAMEL_CASE: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD: Final = re.compile(r"[^\W_]+")


IndexedTool = tuple[types.Tool, str, str]
"""A tool, its name for clients, and words that describe its origin."""


class ToolIndex:
    """A full-text index of tools.

    A small index is built at the first search, which takes as long as the search itself: a port may have thousands of
    adapters, most of which are never searched. A large one is built immediately.

    Args:
        tools: The tools.

    Raises:
        ConfigurationError: The SQLite of this Python has no FTS5.
    """

    def __init__(self, tools: Sequence[IndexedTool]) -> None:
        self._tools = tools
        self._table: _SearchTable | None = None
        _check_fts5()
        if len(tools) > _MAX_LAZY_TOOLS:
            self._table = _SearchTable(tools)

    def search(self, query: str, limit: int, skip: int = 0) -> list[int]:
        """Find the tools that contain any word of a query, or words that begin with it; the best matches first.

        Args:
            query: Words in any language; it has no operators.
            limit: The maximum number of results.
            skip: The number of best matches to skip.

        Returns:
            The indexes of the tools; equally good matches keep their order.
        """
        words = list(islice(dict.fromkeys(_words(query[:_MAX_QUERY_LENGTH])), _MAX_WORDS))
        if not words:
            return []
        self._table = self._table or _SearchTable(self._tools)
        return self._table.search(words, limit, skip)


class _SearchTable:
    """The FTS5 table of an index."""

    def __init__(self, tools: Iterable[IndexedTool]) -> None:
        rows = [_row(*each) for each in tools]
        counts = Counter(word for row in rows for word in set(" ".join(row).split()))
        # A word that most tools contain has no weight in BM25, and matching all of them takes time.
        threshold = max(_MAX_LAZY_TOOLS, len(rows) // 2)
        self._common = frozenset(word for word, number in counts.items() if number > threshold)
        self._database = _database()
        weakref.finalize(self, self._database.close)  # Python 3.13 and later warn about unclosed databases
        self._database.executemany(_INSERT, rows)
        self._database.execute("INSERT INTO tools(tools) VALUES ('optimize')")

    def search(self, words: Sequence[str], limit: int, skip: int) -> list[int]:
        searched = [word for word in words if word not in self._common and word not in _STOP_WORDS] or words
        match = " OR ".join([*map(_match_expression, searched), f'"{_joined(words)}"'])
        return [row - 1 for (row,) in self._database.execute(_SELECT, (match, limit, skip))]


def _database() -> Connection:
    """Return an in-memory database with an empty table.

    Raises:
        ConfigurationError: This Python has no SQLite, or its SQLite has no FTS5.
    """
    try:
        import sqlite3
    except ImportError as error:
        raise _unsupported(error) from None
    # Only the event loop uses the database, but it may run in another thread than this one.
    database = sqlite3.connect(":memory:", check_same_thread=False)
    try:
        database.execute(_CREATE)
    except sqlite3.OperationalError as error:
        raise _unsupported(error) from None
    return database


@cache
def _check_fts5() -> None:
    """Check once that tables can be created; raise as ``_database`` does."""
    _database().close()


def _unsupported(error: Exception) -> ConfigurationError:
    return ConfigurationError(
        f"--tools lazy requires SQLite with FTS5, which this Python does not have: {error}",
        hint="use a Python with FTS5, such as one from python.org, or omit --tools lazy",
    )


def _match_expression(word: str) -> str:
    """Return the FTS5 expression for a word: an exact match ranks higher than a prefix match."""
    return f'"{word}" OR "{word}"*' if len(word) >= _MIN_PREFIX_LENGTH else f'"{word}"'


def _words(text: str) -> list[str]:
    """Return the words of a text in lower case; ``createInvoice`` and ``create_invoice`` have two each."""
    spaced = _CAMEL_CASE.sub(" ", unicodedata.normalize("NFKC", text))
    return [word.lower() for word in _WORD.findall(spaced)]


def _joined(words: Iterable[str]) -> str:
    """Return words as one, so that a query for a whole name finds its tool first."""
    return "".join(words)


def _row(tool: types.Tool, name: str, origin: str) -> tuple[str, ...]:
    """Return the columns of a tool, in the order of the weights."""
    own = _words(tool.name)
    texts = (tool.title or "", tool.description or "", " ".join(_inputs(tool.input_schema)), origin)
    names = " ".join([*own, _joined(own), _joined(_words(name))])
    return names, *(" ".join(_words(text)) for text in texts)


def _inputs(schema: Any) -> Iterator[str]:
    """Yield the names and descriptions of the inputs of a schema, at every level."""
    if isinstance(schema, list):
        for each in schema:
            yield from _inputs(each)
    if not isinstance(schema, dict):
        return
    for name, each in schema.items():
        if name == "properties" and isinstance(each, dict):
            yield from each
            for inner in each.values():
                if isinstance(inner, dict) and isinstance(inner.get("description"), str):
                    yield inner["description"]
                yield from _inputs(inner)
        elif name in ("items", "anyOf", "oneOf", "allOf"):
            yield from _inputs(each)
