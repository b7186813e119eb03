"""Finding tools by words: BM25 over their names, texts and inputs, as SQLite's FTS5 has it."""

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
"""How much a word counts by where it is."""

_CREATE: Final = (
    f"CREATE VIRTUAL TABLE tools USING fts5({', '.join(_WEIGHTS)}, content='', tokenize='porter unicode61')"
)
_INSERT: Final = f"INSERT INTO tools VALUES ({', '.join('?' * len(_WEIGHTS))})"  # noqa: S608 - our own names
_SELECT: Final = (
    f"SELECT rowid FROM tools WHERE tools MATCH ? ORDER BY bm25(tools, {', '.join(map(str, _WEIGHTS.values()))}), "  # noqa: S608
    "rowid LIMIT ? OFFSET ?"
)

_MOST_WORDS: Final = 40
_MAX_URL_LENGTH: Final = 2000
_SHORTEST_BEGINNING: Final = 3
"""A word of a query as long as this also finds the words that begin with it."""

_MANY: Final = 100
"""More tools than this are many."""

_JOINTS: Final = """
a about all an and any are as at be been by can could do does for from had has have how i if in into is it its me my
need of on or our please should so some that the their them then there these this those to up us want was we were what
when where which who will with would you your
"""
"""What joins the words of an English sentence: texts are so short that BM25 would take these for rare."""

_FILLERS: Final = frozenset(_JOINTS.split())

_HUMPS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD: Final = re.compile(r"[^\W_]+")


Searched = tuple[types.Tool, str, str]


class ToolIndex:
    """Finds tools.

    Few tools are made ready when they are first searched, which takes as long as a search: a port may have
    thousands of adapters, and most are never asked. Many are made ready at once.

    Args:
        tools: The tools, each with the name that it has here, and words for where it comes from.

    Raises:
        ConfigurationError: This Python's SQLite has no FTS5.
    """

    def __init__(self, tools: Sequence[Searched]) -> None:
        self._tools = tools
        self._prepared: _Prepared | None = None
        _check()
        if len(tools) > _MANY:
            self._prepared = _Prepared(tools)

    def search(self, query: str, limit: int, skip: int = 0) -> list[int]:
        """Find the tools that have any of some words, or words that begin so; the best first.

        Args:
            query: Words, in whatever language; nothing in it is an operator.
            limit: How many to find at most.
            skip: How many of the best to pass over.

        Returns:
            Their places among the tools; of tools that fit alike, the first of them comes first.
        """
        words = list(islice(dict.fromkeys(_words(query[:_MAX_URL_LENGTH])), _MOST_WORDS))
        if not words:
            return []
        self._prepared = self._prepared or _Prepared(self._tools)
        return self._prepared.search(words, limit, skip)


class _Prepared:
    """The table that is searched."""

    def __init__(self, tools: Iterable[Searched]) -> None:
        rows = [_row(*each) for each in tools]
        counts = Counter(word for row in rows for word in set(" ".join(row).split()))
        # What most tools have weighs nothing in BM25, and finding all of them takes time.
        most = max(_MANY, len(rows) // 2)
        self._common = frozenset(word for word, number in counts.items() if number > most)
        self._database = _database()
        weakref.finalize(self, self._database.close)  # from 3.13 on, Python wants to be told
        self._database.executemany(_INSERT, rows)
        self._database.execute("INSERT INTO tools(tools) VALUES ('optimize')")

    def search(self, words: Sequence[str], limit: int, skip: int) -> list[int]:
        told = [word for word in words if word not in self._common and word not in _FILLERS] or words
        match = " OR ".join([*map(_matching, told), f'"{_joined(words)}"'])
        return [row - 1 for (row,) in self._database.execute(_SELECT, (match, limit, skip))]


def _database() -> Connection:
    """Give an empty table in memory.

    Raises:
        ConfigurationError: This Python has none to give.
    """
    try:
        import sqlite3
    except ImportError as fault:
        raise _missing(fault) from None
    # Only the event loop uses it, whichever thread that is in.
    database = sqlite3.connect(":memory:", check_same_thread=False)
    try:
        database.execute(_CREATE)
    except sqlite3.OperationalError as fault:
        raise _missing(fault) from None
    return database


@cache
def _check() -> None:
    """See once whether there can be tables; raises as ``_database`` does."""
    _database().close()


def _missing(fault: Exception) -> ConfigurationError:
    return ConfigurationError(
        f"--tools lazy searches with SQLite's FTS5, which this Python does not have: {fault}",
        hint="use a Python that has it, as those of python.org do, or leave out --tools lazy",
    )


def _matching(word: str) -> str:
    """Give a word in the language of FTS5: the word itself counts more than one that begins with it."""
    return f'"{word}" OR "{word}"*' if len(word) >= _SHORTEST_BEGINNING else f'"{word}"'


def _words(text: str) -> list[str]:
    """Give the words of a text in lower case; ``createInvoice`` and ``create_invoice`` are two."""
    spaced = _HUMPS.sub(" ", unicodedata.normalize("NFKC", text))
    return [word.lower() for word in _WORD.findall(spaced)]


def _joined(words: Iterable[str]) -> str:
    """Give a name as one word, so that who writes a whole name finds its tool first."""
    return "".join(words)


def _row(tool: types.Tool, name: str, origin: str) -> tuple[str, ...]:
    """Give what is searched of a tool, in the order of the weights."""
    own = _words(tool.name)
    texts = (tool.title or "", tool.description or "", " ".join(_inputs(tool.input_schema)), origin)
    names = " ".join([*own, _joined(own), _joined(_words(name))])
    return names, *(" ".join(_words(text)) for text in texts)


def _inputs(schema: Any) -> Iterator[str]:
    """Give the names and descriptions of the inputs of a schema, and of what is in them."""
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
