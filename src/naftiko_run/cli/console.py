"""Words to people, and what documents hold in such words: never an order to their terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from naftiko_run import jsontext
from naftiko_run.errors import NaftikoError

_VISIBLE: Final = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
}
"""A sign for each control character, such as ``␛`` for the one that terminals obey."""


class _Console(Console):
    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for each in super().render(renderable, options):
            yield each if each.control else Segment(each.text.translate(_VISIBLE), each.style)


def output_console() -> Console:
    """Give the console for what a command was asked for: stdout."""
    return _Console(highlight=False, emoji=False)


def error_console() -> Console:
    """Give the console for words to people: stderr."""
    return _Console(stderr=True, highlight=False, emoji=False)


def print_fault(console: Console, fault: NaftikoError, command: str = "naftiko-run") -> None:
    """Print an error of a command in one line; where it fits, with how to mend it."""
    text = Text(f"{command}: ", style="bold")
    text.append("error: ", style="bold red")
    text.append(fault.message)
    if fault.hint:
        text.append(f" ({fault.hint})")
    console.print(text, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print a value on stdout, as JSON with indentation."""
    print(jsontext.dumps(value, indent=True).decode())  # noqa: T201 - the command's data
