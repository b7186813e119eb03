"""Commands on a terminal."""

from __future__ import annotations

import os
import pty
import re
from pathlib import Path

from support.commands import clean_environment, start
from support.upstream import PATIENCE

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def shown_until(mark: str, *arguments: str | Path, columns: int = 100, command: str = "naftiko-run") -> str:
    """Run a command on a terminal of so many columns; give what it shows until a mark comes."""
    controller, terminal = pty.openpty()
    environment = clean_environment({"TERM": "xterm-256color", "COLUMNS": str(columns)})
    process = start(
        command, *arguments, environment=environment, stdin=terminal, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    shown = b""
    try:
        with open(controller, "rb", buffering=0) as screen:  # noqa: PTH123 - a file descriptor
            while mark.encode() not in shown and (chunk := screen.read(65536)):
                shown += chunk
    finally:
        process.kill()
        process.wait(PATIENCE)
    return shown.decode().replace("\r\n", "\n")


def without_colours(text: str) -> str:
    """Take the colours off."""
    return _COLOUR.sub("", text)
