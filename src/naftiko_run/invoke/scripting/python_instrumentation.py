"""Python that counts its statements: each suite tells, as it begins, how many it has.

The text is changed as little as can be, so that a line of the result still is
a line of the script. A suite counts even where an error cuts it short, and so
does the handler of that error: a script can't catch its way past the limit.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from naftiko_run.invoke.scripting.program import RESERVED_PREFIX

COUNT: Final = f"{RESERVED_PREFIX}__"
"""The function that takes a suite's number of statements."""

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
    """A script that counts.

    Attributes:
        text: The changed script.
        lines: For each of its lines, from 1, the line of the script as written.
    """

    text: str
    lines: tuple[int, ...]


def count_statements(text: str, tree: ast.Module) -> Counted:
    """Make a script count its statements.

    Args:
        text: The script.
        tree: It, parsed.
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
    """Give all suites that have a statement before which a call can stand.

    Class bodies are left out: Monty takes only methods and variables in them.
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
    """Whether a module's statement may have no other before it: its docstring, and `__future__`."""
    is_docstring = (
        statement is tree.body[0]
        and isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
    return is_docstring or (isinstance(statement, ast.ImportFrom) and statement.module == "__future__")
