"""What every sandbox for scripts is given and gives, whatever its language."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn, Protocol

MAX_MEMORY: Final = 64 * 1024 * 1024
"""Bytes that a script may hold at a time, its context and its result included."""

MAX_RESULT_SIZE: Final = 8 * 1024 * 1024
"""Characters of JSON that a result may have: what the event loop reads without others noticing."""

GRACE_PERIOD: Final = 1.0
"""Seconds that a script which asks nobody may run past its time limit before its process is ended."""

MAX_CONCURRENT_SCRIPTS: Final = max(4, os.cpu_count() or 1)
"""Scripts of one language that run at the same time; the next ones wait for their turn."""

RESERVED_PREFIX: Final = "__naftiko"
"""What the names begin with that scripts may not use."""

_ESCAPE: Final = re.compile(r"\\u\{?0*([0-9a-fA-F]{1,6})\}?")


class ScriptRefused(ValueError):
    """A script that cannot be run, known when the document is loaded.

    Args:
        message: What is wrong, in words for the document's author.
        hint: How to mend it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Halted(Exception):
    """A script that ended without a result: it failed, or it met a limit.

    Args:
        message: What happened, without its place.
        file: The script's name, as the document writes it; empty where no line is to blame.
        line: The line in it, from 1; 0 where none is known.
        hint: How to mend it.
    """

    def __init__(self, message: str, file: str = "", line: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.file = file
        self.line = line
        self.hint = hint

    @property
    def place(self) -> str:
        """What a message begins with to say where."""
        if not self.file:
            return ""
        return f"`{self.file}`, line {self.line}: " if self.line else f"`{self.file}`: "


@dataclass(frozen=True, slots=True)
class ScriptSource:
    """The text of one script.

    Attributes:
        name: Its path below the location, as the document writes it.
        text: What is in it.
    """

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ScriptLimits:
    """What one run may use.

    Attributes:
        milliseconds: Time.
        statements: Statements, those of dependencies included.
    """

    milliseconds: int
    statements: int

    @property
    def seconds(self) -> float:
        """The time in seconds."""
        return self.milliseconds / 1000

    def halt(self, met: str) -> NoReturn:
        """Say which limit was met: `time`, `statements`, `memory` or `result`; anything else is a broken sandbox.

        Raises:
            Halted: Always.
        """
        under = "under `management.scripting` of the control adapter"
        if met == "time":
            raise Halted(
                f"it exceeded the timeout limit ({self.milliseconds} ms)",
                hint=f"let it do less, or raise `timeout` {under}",
            )
        if met == "statements":
            raise Halted(
                f"it exceeded the statement limit ({self.statements})",
                hint=f"let it do less, or raise `statementLimit` {under}",
            )
        if met == "memory":
            raise Halted(f"it used more than {MAX_MEMORY // 1024 // 1024} MiB of memory")
        if met == "result":
            raise Halted(f"its `result` has more than {MAX_RESULT_SIZE // 1024 // 1024} MiB")
        raise Halted("its sandbox broke down, and was ended")


class Program(Protocol):
    """Scripts of one step that are ready to run."""

    async def run(self, context: str, limits: ScriptLimits) -> str | None:
        """Run dependencies and script in a sandbox of their own.

        Args:
            context: What the scripts see as `context`, a JSON object.
            limits: What they may use.

        Returns:
            `result` as JSON text; None where no script assigned it.

        Raises:
            Halted: A script failed, or met a limit.
        """


class ProgramCompiler(Protocol):
    """What makes programs of sources."""

    def __call__(self, sources: Sequence[ScriptSource]) -> Program:
        """Compile sources that are evaluated in this order.

        Raises:
            ScriptRefused: One of them can't be run, or the sandbox is not installed.
        """


def not_installed(language: str, missing: str) -> ScriptRefused:
    """Return the error that the extra for scripts of a language is missing."""
    return ScriptRefused(
        f"{language} scripts need a sandbox that is not installed ({missing})",
        f'pip install "naftiko-run[scripts-{language.lower()}]"',
    )


def reject_reserved_names(source: ScriptSource) -> None:
    """Refuse a source that uses the names which counting needs, however it spells them.

    Raises:
        ScriptRefused: It does.
    """
    for number, line in enumerate(source.text.splitlines(), 1):
        spelled = _ESCAPE.sub(lambda found: chr(min(int(found[1], 16), 0x10FFFF)), line)
        if RESERVED_PREFIX in unicodedata.normalize("NFKC", spelled):
            raise ScriptRefused(
                f"`{source.name}`, line {number}: names with `{RESERVED_PREFIX}` are taken", "choose another"
            )
