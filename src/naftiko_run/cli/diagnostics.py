"""Diagnostics as a compiler gives them: the place, the line with a caret, the hint."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from naftiko_run.diagnostics import Diagnostic

_STYLES = {"error": "bold red", "warning": "bold yellow", "info": "bold cyan"}
_WIDTH = 120
MOST_TOLD: Final = 5
"""How many findings start-up tells of one kind."""


def print_diagnostics(console: Console, diagnostics: Iterable[Diagnostic]) -> None:
    """Print findings, each with its excerpt where the file can be read."""
    lines: dict[str, list[str]] = {}
    for each in diagnostics:
        if each.file not in lines:
            lines[each.file] = _read(each.file)
        console.print(_rendered(each, lines[each.file]), soft_wrap=True)


def print_rest(console: Console, number: int, what: str) -> None:
    """Say how many findings were not printed; nothing where there are none."""
    if number > 0:
        console.print(Text(f"and {number} more {what}", style="yellow"), soft_wrap=True)


def _rendered(found: Diagnostic, lines: list[str]) -> Text:
    text = Text()
    text.append(f"{found.place}: ", style="bold")
    text.append(f"{found.severity}[{found.code}]", style=_STYLES[found.severity])
    text.append(f" {found.message}")
    if 0 < found.line <= len(lines):
        written = lines[found.line - 1].replace("\t", " ").rstrip()
        start = max(0, found.column - _WIDTH // 2) if len(written) > _WIDTH else 0
        text.append(f"\n  {found.line:>4} | {written[start : start + _WIDTH]}")
        text.append(f"\n       | {' ' * (found.column - 1 - start)}^", style=_STYLES[found.severity])
    if found.hint:
        text.append("\n  hint: ", style="bold green")
        text.append(found.hint)
    return text


def _read(file: str) -> list[str]:
    try:
        return Path(file).read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        return []
