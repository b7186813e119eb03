"""Print diagnostics as compilers do: the place, the line with a caret, the hint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from naftiko_run.diagnostics import Diagnostic
from naftiko_run.document.remote import shown_name
from naftiko_run.errors import DocumentError

_STYLES = {"error": "bold red", "warning": "bold yellow", "info": "bold cyan"}
_WIDTH = 120
MAX_SHOWN: Final = 5
"""Maximum number of diagnostics of one kind at start-up."""


def print_diagnostics(console: Console, diagnostics: Sequence[Diagnostic]) -> None:
    """Print the diagnostics of loading, each with its line; credentials in it are masked."""
    if not diagnostics:
        return
    from naftiko_run.lint import with_excerpts

    for each in with_excerpts(diagnostics):
        print_diagnostic(console, each)


def print_refusal(console: Console, fault: DocumentError) -> None:
    """Print the errors of a document that is refused, and its other diagnostics, which may be the cause."""
    found = sorted(fault.diagnostics, key=lambda each: not each.is_error)
    print_diagnostics(console, found[:MAX_SHOWN])
    print_rest(console, len(found) - MAX_SHOWN, "errors and warnings")


def print_diagnostic(console: Console, found: Diagnostic) -> None:
    """Print one diagnostic: its place, its excerpt with a caret, its hint."""
    text = Text()
    text.append(f"{replace(found, file=shown_name(found.file)).place}: ", style="bold")
    text.append(f"{found.severity}[{found.code}]", style=_STYLES[found.severity])
    text.append(f" {found.message}")
    if found.excerpt:
        line, before = _window(found.excerpt, found.column)
        text.append(f"\n  {found.line:>4} | {line}")
        text.append(f"\n       | {' ' * cell_len(before)}^", style=_STYLES[found.severity])
    if found.hint:
        text.append("\n  hint: ", style="bold green")
        text.append(found.hint)
    console.print(text, soft_wrap=True)


def print_rest(console: Console, number: int, what: str) -> None:
    """Print how many more there are; nothing where there are none."""
    if number > 0:
        console.print(Text(f"and {number} more {what}", style="yellow"), soft_wrap=True)


def _window(excerpt: str, column: int) -> tuple[str, str]:
    """Return the part of a line around a column, and the beginning of that part up to the column."""
    line = excerpt.replace("\t", " ").rstrip()
    start = max(0, column - _WIDTH // 2) if len(line) > _WIDTH else 0
    return line[start : start + _WIDTH], line[start : column - 1]
