"""Compilation of a script step of the document to a script that can run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from naftiko_run import _json
from naftiko_run.consume import run_in_decode_pool
from naftiko_run.document.model import ScriptStep
from naftiko_run.errors import ScriptFailed
from naftiko_run.expressions import MISSING
from naftiko_run.invoke.scripting.defaults import ScriptDefaults
from naftiko_run.invoke.scripting.javascript import JavaScriptProgram
from naftiko_run.invoke.scripting.program import Halted, Program, ProgramCompiler, ScriptLimits, ScriptRefused
from naftiko_run.invoke.scripting.python import PythonProgram
from naftiko_run.invoke.scripting.script_files import read_script, resolve_location

COMPILERS: Final[dict[str, ProgramCompiler]] = {
    "javascript": JavaScriptProgram.compile,
    "python": PythonProgram.compile,
}
"""The compiler of each language, by its name in documents."""

MAX_MESSAGE_LENGTH: Final = 500

_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Script:
    """A compiled script step.

    Attributes:
        name: The name of the step.
        language: Its language.
        file: Its file, as the document writes it.
        limits: The limits of one run.
    """

    name: str
    language: str
    file: str
    limits: ScriptLimits
    _program: Program | None = field(repr=False)

    async def run(self, context: Mapping[str, Any]) -> Any:
        """Run the script; cancelling the call stops it.

        Args:
            context: The value of `context`: JSON values.

        Returns:
            The value of `result`; ``MISSING`` if the script did not assign it.

        Raises:
            ScriptFailed: The script failed, exceeded a limit or returned something that is not JSON, or scripts are
                disabled.
        """
        if self._program is None:
            raise ScriptFailed(
                f"script step `{self.name}`: scripts are disabled",
                hint="set `enabled: true` under `management.scripting` of the control adapter",
            )
        try:
            text = _json.dumps(dict(context)).decode()
        except (TypeError, ValueError) as fault:
            raise ScriptFailed(f"script step `{self.name}`: its context is not JSON: {fault}") from None
        try:
            result = await self._program.run(text, self.limits)
        except Halted as fault:
            raise ScriptFailed(
                f"script step `{self.name}`: {fault.place}{_one_line(str(fault))}", hint=fault.hint
            ) from None
        if result is None:
            return MISSING
        content = _json.encode(result)
        return (
            await run_in_decode_pool(lambda: self._read(content))
            if len(content) > _json.LARGE_TEXT
            else self._read(content)
        )

    def _read(self, result: bytes) -> Any:
        try:
            value, _ = _json.loads_repaired(result)
        except ValueError as fault:
            raise ScriptFailed(f"script step `{self.name}`: its `result` is not JSON: {fault}") from None
        return value


@dataclass(frozen=True, slots=True)
class ScriptCompiler:
    """Compiles the script steps of one document.

    Attributes:
        defaults: The script settings of its control adapter.
        folder: The document's folder.
    """

    defaults: ScriptDefaults
    folder: Path

    def compile(self, step: ScriptStep) -> Script:
        """Read and compile the scripts of a step, so that nothing is read or compiled during a request.

        Raises:
            ScriptRefused: The step cannot work; the message says why, and the hint how to fix it.
        """
        language = (step.language or self.defaults.default_language).lower()
        program: Program | None = None
        if self.defaults.enabled:
            root = self._root(step)
            make = self._language(step, language)
            program = make([read_script(root, name) for name in (*step.dependencies, step.file)])
        return Script(step.name, language, step.file, self.defaults.limits, program)

    def _root(self, step: ScriptStep) -> Path:
        location = step.location or self.defaults.default_location
        if not location:
            raise ScriptRefused(
                f"the script step `{step.name}` has no `location`",
                "add `location`, or `defaultLocation` under `management.scripting` of the control adapter",
            )
        if not step.file:
            raise ScriptRefused(f"the script step `{step.name}` has no `file`")
        return resolve_location(location, self.folder)

    def _language(self, step: ScriptStep, language: str) -> ProgramCompiler:
        if not language:
            raise ScriptRefused(
                f"the script step `{step.name}` has no `language`",
                "add `language`, or `defaultLanguage` under `management.scripting` of the control adapter",
            )
        if language == "groovy":
            raise ScriptRefused(
                f"the script step `{step.name}` is written in Groovy, which is not supported",
                "rewrite it in JavaScript or Python; `context` and `result` mean the same there",
            )
        if language not in COMPILERS:
            raise ScriptRefused(
                f"the script step `{step.name}` has the unknown language `{language}`",
                f"use {' or '.join(COMPILERS)}",
            )
        allowed = self.defaults.allowed_languages
        if allowed and language not in allowed:
            raise ScriptRefused(
                f"the script step `{step.name}` is written in `{language}`, but `allowedLanguages` only has {', '.join(allowed)}",
                f"add `{language}` to `allowedLanguages` under `management.scripting`, or rewrite the script",
            )
        return COMPILERS[language]


def _one_line(text: str) -> str:
    text = _UNPRINTABLE.sub(" ", text).strip()
    return text if len(text) <= MAX_MESSAGE_LENGTH else f"{text[:MAX_MESSAGE_LENGTH]}…"
