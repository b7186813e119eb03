"""Script steps for the tests: written below a folder, compiled, and run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from naftiko_run.document.model import ScriptStep
from naftiko_run.document.model.base import node
from naftiko_run.invoke.scripting import Script, ScriptCompiler, ScriptDefaults

SUFFIXES: Final = {"javascript": ".js", "python": ".py"}
QUICK: Final = ScriptDefaults(timeout=400, statement_limit=20_000)


@node
class Step(ScriptStep):
    """A script step whose document says no more than a test wants to."""

    name: str = "shape"
    location: str = "file:///./scripts"
    file: str = ""


def write(folder: Path, name: str, text: str) -> None:
    """Write a file below the folder of scripts."""
    path = folder / "scripts" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def prepare(
    folder: Path,
    language: str,
    text: str,
    dependencies: Sequence[str] = (),
    defaults: ScriptDefaults = QUICK,
) -> Script:
    """Compile a script, and the texts that it depends on."""
    suffix = SUFFIXES[language]
    names = tuple(f"lib/part-{number}{suffix}" for number in range(len(dependencies)))
    for name, part in zip(names, dependencies, strict=True):
        write(folder, name, part)
    write(folder, f"main{suffix}", text)
    step = Step(language=language, file=f"main{suffix}", dependencies=names)
    return ScriptCompiler(defaults, folder).compile(step)


def run(script: Script, context: Mapping[str, Any] | None = None) -> Any:
    """Run a script in an event loop of its own."""
    return asyncio.run(script.run(context or {}))
