"""Instrumentation of Python to count statements: each suite, at its start, adds its number of statements.

The text is changed as little as possible, so that lines of the result map to
lines of the script. A suite counts in full even if an error ends it, and so does
the handler of that error: a script cannot escape the limit with ``except``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from naftiko_run.invoke.scripting.program import RESERVED_PREFIX

COUNT: Final = f"{RESERVED_PREFIX}__"
"""The function that adds the number of statements of a suite."""

_SUITES: Final = ("body", "orelse", "finalbody")
_COMPOUND: Final = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
)


@dataclass(frozen=True, slots=True)
class Counted:
    """An instrumented script.

    Attributes:
        text: The instrumented text.
        lines: For each of its lines, the number of the original line.
    """

    text: str
    lines: tuple[int, ...]


def count_statements(text: str, tree: ast.Module) -> Counted:
    """Return a script that counts its statements.

    Args:
        text: The script.
        tree: The parsed script.
    """
    inline: dict[int, list[tuple[int, bytes]]] = {}
    above: dict[int, list[bytes]] = {}
    lines = [line.encode() for line in text.split("\n")]
    for suite in _suites(tree):
        first = suite[0]
        at = min([first.lineno, *(each.lineno for each in getattr(first, "decorator_list", ()))])
        call = f"{COUNT}({len(suite)})".encode()
        line = lines[at - 1]
        if not isinstance(first, _COMPOUND):
            inline.setdefault(at, []).append((first.col_offset, call + b"; "))
        elif not line[first.col_offset :].startswith(b"elif"):
            above.setdefault(at, []).append(line[: first.col_offset] + call)
    written: list[bytes] = []
    origins: list[int] = []
    for number, line in enumerate(lines, 1):
        for column, call in sorted(inline.get(number, ()), reverse=True):
            line = line[:column] + call + line[column:]  # noqa: PLW2901
        added = above.get(number, [])
        written += [*added, line]
        origins += [number] * (len(added) + 1)
    return Counted(b"\n".join(written).decode(), tuple(origins))


def _suites(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """Yield all suites with a statement that a call can be inserted before.

    Class bodies are skipped: Monty accepts only methods and variables in them.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            continue
        for field in _SUITES:
            suite = getattr(node, field, None)
            if not isinstance(suite, list):
                continue
            if node is tree:
                suite = [each for each in suite if not _must_be_first(each, tree)]
            if suite:
                yield suite


def _must_be_first(statement: ast.stmt, tree: ast.Module) -> bool:
    """Return whether a statement of a module must come first: its docstring, or an import from `__future__`."""
    is_docstring = (
        statement is tree.body[0]
        and isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
    return is_docstring or (isinstance(statement, ast.ImportFrom) and statement.module == "__future__")
