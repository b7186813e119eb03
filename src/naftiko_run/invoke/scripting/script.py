"""Compilation of a script step of the document to a script that can run: its file, its settings and its program."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from naftiko_run import _json, locations
from naftiko_run.consume import run_in_decode_pool
from naftiko_run.document.model import ScriptStep
from naftiko_run.errors import ScriptFailed
from naftiko_run.expressions import MISSING
from naftiko_run.invoke.scripting.javascript import JavaScriptProgram
from naftiko_run.invoke.scripting.program import (
    Halted,
    Program,
    ProgramCompiler,
    ScriptLimits,
    ScriptRefused,
    ScriptSource,
)
from naftiko_run.invoke.scripting.python import PythonProgram

COMPILERS: Final[dict[str, ProgramCompiler]] = {
    "javascript": JavaScriptProgram.compile,
    "python": PythonProgram.compile,
}
"""The compiler of each language, by its name in documents."""

MAX_MESSAGE_LENGTH: Final = 500

_DISABLED: Final = (
    "scripts are disabled",
    "set `enabled: true` under `management.scripting` of the control adapter",
)
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class LanguageNotAllowed(ScriptRefused):
    """The language of a script is not in ``allowedLanguages``."""


@dataclass(slots=True)
class ScriptStats:
    """What the script steps of one document have done so far.

    Attributes:
        executions: The number of runs.
        errors: The number of runs that failed.
        seconds: The total duration of the runs.
        last_execution: When the last run ended, in seconds since the epoch; None before the first one.
    """

    executions: int = 0
    errors: int = 0
    seconds: float = 0.0
    last_execution: float | None = None

    def add(self, seconds: float, *, failed: bool) -> None:
        """Count one run."""
        self.executions += 1
        self.errors += failed
        self.seconds += seconds
        self.last_execution = time.time()


@dataclass(frozen=True, slots=True)
class _Compiled:
    """What the script settings make of a script step.

    Attributes:
        language: Its language.
        limits: The limits of one run.
        program: Runs it; None where it must not run.
        refusal: Why it must not run, and how to change that.
    """

    language: str
    limits: ScriptLimits
    program: Program | None
    refusal: tuple[str, str] = _DISABLED


@dataclass(slots=True)
class Script:
    """A compiled script step; ``ScriptCompiler.prepare`` can replace what is compiled.

    Attributes:
        name: The name of the step.
        file: Its file, as the document writes it.
    """

    name: str
    file: str
    _compiled: _Compiled = field(repr=False)
    _stats: ScriptStats = field(repr=False)

    @property
    def language(self) -> str:
        """Its language."""
        return self._compiled.language

    @property
    def limits(self) -> ScriptLimits:
        """The limits of one run."""
        return self._compiled.limits

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
        compiled = self._compiled
        if compiled.program is None:
            reason, hint = compiled.refusal
            raise ScriptFailed(f"script step `{self.name}`: {reason}", hint=hint)
        try:
            text = _json.dumps(dict(context)).decode()
        except (TypeError, ValueError) as fault:
            raise ScriptFailed(f"script step `{self.name}`: its context is not JSON: {fault}") from None
        started, failed = time.perf_counter(), True
        try:
            result = await compiled.program.run(text, compiled.limits)
            failed = False
        except Halted as fault:
            raise ScriptFailed(
                f"script step `{self.name}`: {fault.place}{_one_line(str(fault))}", hint=fault.hint
            ) from None
        finally:
            self._stats.add(time.perf_counter() - started, failed=failed)
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


@dataclass(slots=True)
class ScriptCompiler:
    """Compiles the script steps of one document, again when its script settings change.

    Attributes:
        defaults: The script settings of its control adapter.
        folder: The document's folder.
        stats: What its scripts have done so far.
    """

    defaults: ScriptDefaults
    folder: Path
    stats: ScriptStats = field(default_factory=ScriptStats)
    _scripts: list[tuple[Script, ScriptStep]] = field(default_factory=list, repr=False)

    def compile(self, step: ScriptStep) -> Script:
        """Read and compile the scripts of a step, so that nothing is read or compiled during a request.

        Raises:
            ScriptRefused: The step cannot work; the message says why, and the hint how to fix it.
        """
        script = Script(step.name, step.file, self._compile(step), self.stats)
        self._scripts.append((script, step))
        return script

    def prepare(self, changes: Mapping[str, Any]) -> Callable[[], None]:
        """Check new values of script settings, and compile the script steps with them; change nothing yet.

        Where ``allowedLanguages`` no longer has the language of a script, its runs will fail.

        Args:
            changes: The values by their keys in ``management.scripting``.

        Returns:
            A function that applies the changes.

        Raises:
            ScriptRefused: A value is invalid, or a script step cannot work with the new values.
        """
        defaults = self.defaults.changed(changes)
        changed = replace(self, defaults=defaults, _scripts=[])
        for language in (defaults.default_language, *defaults.allowed_languages):
            if language and language.lower() not in COMPILERS:
                raise ScriptRefused(f"`{language}` is not a script language", f"use {' or '.join(COMPILERS)}")
        if defaults.default_location:
            if not defaults.default_location.startswith("file:///"):
                raise ScriptRefused("`defaultLocation` is not a URI that begins with `file:///`")
            resolve_location(defaults.default_location, self.folder)
        compiled = [(script, changed._compile_if_allowed(step)) for script, step in self._scripts]  # noqa: SLF001 - of this class

        def apply() -> None:
            self.defaults = defaults
            for script, each in compiled:
                script._compiled = each  # noqa: SLF001 - scripts of this compiler

        return apply

    def _compile(self, step: ScriptStep) -> _Compiled:
        language = (step.language or self.defaults.default_language).lower()
        program: Program | None = None
        if self.defaults.enabled:
            root = self._root(step)
            make = self._language(step, language)
            program = make([read_script(root, name) for name in (*step.dependencies, step.file)])
        return _Compiled(language, self.defaults.limits, program)

    def _compile_if_allowed(self, step: ScriptStep) -> _Compiled:
        try:
            return self._compile(step)
        except LanguageNotAllowed as fault:
            language = (step.language or self.defaults.default_language).lower()
            reason = f"`{language}` is not one of `allowedLanguages`"
            return _Compiled(language, self.defaults.limits, None, (reason, fault.hint))

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
            raise LanguageNotAllowed(
                f"the script step `{step.name}` is written in `{language}`, but `allowedLanguages` only has {', '.join(allowed)}",
                f"add `{language}` to `allowedLanguages` under `management.scripting`, or rewrite the script",
            )
        return COMPILERS[language]


def _one_line(text: str) -> str:
    text = _UNPRINTABLE.sub(" ", text).strip()
    return text if len(text) <= MAX_MESSAGE_LENGTH else f"{text[:MAX_MESSAGE_LENGTH]}…"


MAX_SCRIPT_SIZE: Final = 1024 * 1024
"""Maximum size of a script file, in bytes."""

_SEGMENT: Final = re.compile(r"[a-zA-Z0-9._-]+")


def resolve_location(location: str, folder: Path) -> Path:
    """Return the resolved folder of a location.

    Args:
        location: The location as the document writes it.
        folder: The document's folder.

    Raises:
        ScriptRefused: The folder does not exist.
    """
    try:
        found = locations.find(location, folder)
    except ValueError as fault:
        raise ScriptRefused(str(fault), "write `file:///` and the path of the scripts' folder") from None
    if found is None or not found.is_dir():
        raise ScriptRefused(
            f"there is no folder `{location}`",
            "a path that begins with `file:///./` is relative to the document",
        )
    return found.resolve()


def read_script(root: Path, name: str) -> ScriptSource:
    """Read a script.

    Args:
        root: The resolved folder that must contain it.
        name: Its relative path: segments of letters, digits, ``.``, ``_`` and ``-``.

    Raises:
        ScriptRefused: The script is outside the folder, does not exist, is too large, or is not UTF-8 text.
    """
    segments = name.split("/")
    if not all(_SEGMENT.fullmatch(each) and each.strip(".") for each in segments):
        raise ScriptRefused(
            f"`{name}` is not a path inside the scripts' location",
            "use segments of letters, digits, `.`, `_` and `-`, separated by `/`",
        )
    path = root.joinpath(*segments).resolve()
    if not path.is_relative_to(root):
        raise ScriptRefused(f"`{name}` leads out of the scripts' location", "move the file into it")
    if not path.is_file():
        raise ScriptRefused(f"there is no script `{name}` in the scripts' location")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SCRIPT_SIZE + 1)
    except OSError as fault:
        raise ScriptRefused(f"`{name}` cannot be read: {fault.strerror}") from None
    if len(content) > MAX_SCRIPT_SIZE:
        raise ScriptRefused(f"`{name}` is larger than {MAX_SCRIPT_SIZE // 1024} KiB")
    try:
        return ScriptSource(name, content.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError:
        raise ScriptRefused(f"`{name}` is not UTF-8 text") from None


DISABLING_VARIABLES: Final = ("NAFTIKO_SCRIPTING", "IKANOS_SCRIPTING")
"""The environment variables that disable scripts with the value ``false``, unless the document enables them."""

T = TypeVar("T")

_TIMEOUT: Final = 60_000
_STATEMENTS: Final = 100_000


@dataclass(frozen=True, slots=True)
class ScriptDefaults:
    """Defaults, limits and permissions for the script steps of a document.

    Attributes:
        default_location: The folder of scripts, for steps without a location; empty for none.
        default_language: The language of scripts, for steps without a language; empty for none.
        allowed_languages: The allowed languages; empty for all.
        timeout: Timeout of one run, in milliseconds.
        statement_limit: Maximum number of statements of one run.
        enabled: Whether script steps run; otherwise each fails immediately.
    """

    default_location: str = ""
    default_language: str = ""
    allowed_languages: tuple[str, ...] = ()
    timeout: int = _TIMEOUT
    statement_limit: int = _STATEMENTS
    enabled: bool = True

    @property
    def limits(self) -> ScriptLimits:
        """The limits of one run."""
        return ScriptLimits(self.timeout, self.statement_limit)

    def as_block(self) -> dict[str, Any]:
        """Return the settings with their keys in ``management.scripting``; without those that are not set."""
        block = {
            "enabled": self.enabled,
            "defaultLocation": self.default_location,
            "defaultLanguage": self.default_language,
            "timeout": self.timeout,
            "statementLimit": self.statement_limit,
            "allowedLanguages": [*self.allowed_languages],
        }
        return {key: value for key, value in block.items() if value not in ("", [])}

    def changed(self, changes: Mapping[str, Any]) -> ScriptDefaults:
        """Return the settings with some of them changed.

        Args:
            changes: The new values by their keys in ``management.scripting``.

        Raises:
            ScriptRefused: A key is unknown, or a value is invalid; the message names the key.
        """
        keys = (
            "enabled",
            "timeout",
            "statementLimit",
            "allowedLanguages",
            "defaultLocation",
            "defaultLanguage",
        )
        if not changes:
            raise ScriptRefused("nothing to change", f"write one of {', '.join(keys)}")
        for key in changes:
            if key not in keys:
                raise ScriptRefused(f"`{key}` is not a script setting", f"write one of {', '.join(keys)}")
        return ScriptDefaults.of({**self.as_block(), **changes})

    @classmethod
    def of(cls, block: Any, environment: Mapping[str, str] = os.environ) -> ScriptDefaults:
        """Read a ``management.scripting`` block.

        Args:
            block: The block as written; None if there is none.
            environment: The environment variables, which can disable scripts.

        Raises:
            ScriptRefused: A value is invalid; the message names the key.
        """
        block = {} if block is None else block
        if not isinstance(block, dict):
            raise ScriptRefused("`scripting` of `management` is not a mapping")
        permitted = all(environment.get(name, "").strip().lower() != "false" for name in DISABLING_VARIABLES)
        allowed = block.get("allowedLanguages", [])
        if not isinstance(allowed, list) or not all(isinstance(each, str) for each in allowed):
            raise ScriptRefused("`allowedLanguages` is not a list of languages")
        return cls(
            default_location=_typed(block, "defaultLocation", str, ""),
            default_language=_typed(block, "defaultLanguage", str, ""),
            allowed_languages=tuple(each.lower() for each in allowed),
            timeout=_positive(block, "timeout", _TIMEOUT),
            statement_limit=_positive(block, "statementLimit", _STATEMENTS),
            enabled=_typed(block, "enabled", bool, permitted),
        )


def _typed(block: Mapping[str, Any], key: str, kind: type[T], default: T) -> T:
    value = block.get(key, default)
    if not isinstance(value, kind):
        raise ScriptRefused(f"`{key}` of `management.scripting` is {value!r}")
    return value


def _positive(block: Mapping[str, Any], key: str, default: int) -> int:
    value = _typed(block, key, int, default)
    if isinstance(value, bool) or value < 1:
        raise ScriptRefused(
            f"`{key}` of `management.scripting` is {value!r}", "write an integer of 1 or more"
        )
    return value
