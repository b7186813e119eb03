"""The consoles of commands: text of documents cannot contain control sequences of the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from naftiko_run import _json
from naftiko_run.errors import ConfigurationError, NaftikoError

_VISIBLE: Final = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
}
"""A visible character for each control character, such as ``␛`` for escape."""


class _Console(Console):
    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for each in super().render(renderable, options):
            yield each if each.control else Segment(each.text.translate(_VISIBLE), each.style)


def output_console(width: int | None = None) -> Console:
    """Return the console for the data of a command: stdout.

    Args:
        width: Its columns; None for those of the terminal.
    """
    return _Console(highlight=False, emoji=False, width=width)


def error_console() -> Console:
    """Return the console for messages: stderr."""
    return _Console(stderr=True, highlight=False, emoji=False)


def print_fault(console: Console, fault: NaftikoError, command: str = "naftiko-run") -> None:
    """Print an error of a command in one line, with its hint; and likewise those that were found with it."""
    for each in (fault, *(fault.others if isinstance(fault, ConfigurationError) else ())):
        text = Text(f"{command}: ", style="bold")
        text.append("error: ", style="bold red")
        text.append(each.message)
        if each.hint:
            text.append(f" ({each.hint})")
        console.print(text, soft_wrap=True)


def print_warning(console: Console, message: str) -> None:
    """Print a warning of a command in one line."""
    console.print(Text.assemble(("warning ", "bold yellow"), message), soft_wrap=True)


def print_json(value: Any) -> None:
    """Print a value on stdout, as JSON with indentation."""
    print(_json.dumps(value, indent=True).decode())  # noqa: T201 - the command's data
