"""Words to people: stderr."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from naftiko_run.errors import NaftikoError


def error_console() -> Console:
    """Give the console for words to people: stderr."""
    return Console(stderr=True, highlight=False, emoji=False)


def print_fault(console: Console, fault: NaftikoError, command: str = "naftiko-run") -> None:
    """Print an error of a command in one line; where it fits, with how to mend it."""
    text = Text(f"{command}: ", style="bold")
    text.append("error: ", style="bold red")
    text.append(fault.message)
    if fault.hint:
        text.append(f" ({fault.hint})")
    console.print(text, soft_wrap=True)
