"""The interface of script programs of all languages: sources, limits, results and errors."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn, Protocol

MAX_MEMORY: Final = 64 * 1024 * 1024
"""Maximum memory of a script in bytes, including its context and result."""

MAX_RESULT_SIZE: Final = 8 * 1024 * 1024
"""Maximum size of a result, in characters of JSON."""

GRACE_PERIOD: Final = 1.0
"""Seconds after the timeout until the process of a script that does not stop is killed."""

MAX_CONCURRENT_SCRIPTS: Final = max(4, os.cpu_count() or 1)
"""Maximum number of scripts of one language that run at the same time; others are queued."""

RESERVED_PREFIX: Final = "__naftiko"
"""Prefix of names that scripts must not use."""

_ESCAPE: Final = re.compile(r"\\u\{?0*([0-9a-fA-F]{1,6})\}?")


class ScriptRefused(ValueError):
    """A script cannot be run; raised when the document is loaded.

    Args:
        message: What is wrong, for the author of the document.
        hint: How to fix it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Halted(Exception):
    """A script ended without a result: it failed or exceeded a limit.

    Args:
        message: What happened, without the location.
        file: The name of the script, as the document writes it; empty if unknown.
        line: The line in it, from 1; 0 if unknown.
        hint: How to fix it.
    """

    def __init__(self, message: str, file: str = "", line: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.file = file
        self.line = line
        self.hint = hint

    @property
    def place(self) -> str:
        """The location, as a prefix of messages."""
        if not self.file:
            return ""
        return f"`{self.file}`, line {self.line}: " if self.line else f"`{self.file}`: "


@dataclass(frozen=True, slots=True)
class ScriptSource:
    """The text of one script.

    Attributes:
        name: Its path in the location, as the document writes it.
        text: Its content.
    """

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ScriptLimits:
    """The limits of one run.

    Attributes:
        milliseconds: The timeout.
        statements: Maximum number of statements, including those of dependencies.
    """

    milliseconds: int
    statements: int

    @property
    def seconds(self) -> float:
        """The timeout in seconds."""
        return self.milliseconds / 1000

    def halt(self, exceeded: str) -> NoReturn:
        """Raise the error for an exceeded limit: `time`, `statements`, `memory` or `result`; else for a crash.

        Raises:
            Halted: Always.
        """
        under = "under `management.scripting` of the control adapter"
        if exceeded == "time":
            raise Halted(
                f"it exceeded the timeout limit ({self.milliseconds} ms)",
                hint=f"do less in the script, or raise `timeout` {under}",
            )
        if exceeded == "statements":
            raise Halted(
                f"it exceeded the statement limit ({self.statements})",
                hint=f"do less in the script, or raise `statementLimit` {under}",
            )
        if exceeded == "memory":
            raise Halted(f"it used more than {MAX_MEMORY // 1024 // 1024} MiB of memory")
        if exceeded == "result":
            raise Halted(f"its `result` is larger than {MAX_RESULT_SIZE // 1024 // 1024} MiB")
        raise Halted("its interpreter crashed and was stopped")


class Program(Protocol):
    """Compiled scripts of one step."""

    async def run(self, context: str, limits: ScriptLimits) -> str | None:
        """Run the dependencies and the script, isolated.

        Args:
            context: The value of `context`, as the text of a JSON object.
            limits: The limits of the run.

        Returns:
            `result` as JSON text; None if no script assigned it.

        Raises:
            Halted: A script failed or exceeded a limit.
        """


class ProgramCompiler(Protocol):
    """Compiles the sources of one language."""

    def __call__(self, sources: Sequence[ScriptSource]) -> Program:
        """Compile sources, which are evaluated in this order.

        Raises:
            ScriptRefused: A script cannot be run, or the interpreter is not installed.
        """


def not_installed(language: str, missing: str) -> ScriptRefused:
    """Return the error for a language whose extra is not installed."""
    return ScriptRefused(
        f"{language} scripts need an interpreter that is not installed ({missing})",
        f'pip install "naftiko-run[scripts-{language.lower()}]"',
    )


def reject_reserved_names(source: ScriptSource) -> None:
    """Reject a source that uses the reserved names of the instrumentation, in any spelling.

    Raises:
        ScriptRefused: The source uses such a name.
    """
    for number, line in enumerate(source.text.splitlines(), 1):
        spelled = _ESCAPE.sub(lambda found: chr(min(int(found[1], 16), 0x10FFFF)), line)
        if RESERVED_PREFIX in unicodedata.normalize("NFKC", spelled):
            raise ScriptRefused(
                f"`{source.name}`, line {number}: names with `{RESERVED_PREFIX}` are reserved",
                "choose another name",
            )
