"""JavaScript scripts, run by QuickJS in separate processes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

from naftiko_run.invoke.scripting.javascript_instrumentation import COUNT, count_statements
from naftiko_run.invoke.scripting.program import (
    GRACE_PERIOD,
    MAX_MEMORY,
    MAX_RESULT_SIZE,
    RESERVED_PREFIX,
    Halted,
    ScriptLimits,
    ScriptRefused,
    ScriptSource,
    not_installed,
    reject_reserved_names,
)
from naftiko_run.invoke.scripting.worker_pool import QueuedJob, Worker

_CHECK: Final = ScriptLimits(milliseconds=10_000, statements=0)
"""With a limit of zero statements, a script is compiled but not run."""

_END: Final = "\n;void 0"
"""Appended to a script, so that the value of its last statement is not read."""

_HASHBANG: Final = re.compile(r"\A#!.*")
_REQUIRED_MODULES: Final = ("quickjs", "tree_sitter", "tree_sitter_javascript")


@dataclass(frozen=True, slots=True)
class JavaScriptProgram:
    """Instrumented JavaScript scripts, in the order in which they are evaluated."""

    _sources: tuple[ScriptSource, ...]
    _counted: tuple[str, ...]

    @classmethod
    def compile(cls, sources: Sequence[ScriptSource]) -> JavaScriptProgram:
        """Compile scripts; QuickJS reports what it cannot run.

        Raises:
            ScriptRefused: A script cannot be run, or QuickJS is not installed.
        """
        try:
            for name in _REQUIRED_MODULES:
                if find_spec(name) is None:  # not imported: QuickJS starts a thread, which a fork would lack
                    raise ModuleNotFoundError(name=name)
        except ImportError as missing:
            raise not_installed("JavaScript", str(missing.name)) from None
        sources = [ScriptSource(each.name, _HASHBANG.sub("", each.text)) for each in sources]
        counted = []
        with Worker() as worker:
            for source in sources:
                reject_reserved_names(source)
                # The script is not instrumented yet: a first statement that throws prevents it from running.
                _check(worker, source, f"{COUNT}(1);{source.text}")
                try:
                    counted.append(count_statements(source.text))
                except ValueError as fault:
                    raise ScriptRefused(
                        f"`{source.name}`, {fault}",
                        "write that line in simpler syntax, for example with `;` at the end of statements",
                    ) from None
                _check(worker, source, counted[-1])
        return cls(tuple(sources), tuple(counted))

    async def run(self, context: str, limits: ScriptLimits) -> str | None:
        """Run the scripts in a fresh engine of a worker process; see ``Program.run``."""
        reply = await QueuedJob.run(_job([text + _END for text in self._counted], context, limits))
        if "result" in reply:
            result: str = reply["result"]
            return result
        if not reply:
            return None
        if reply["failure"] != "error":
            limits.halt(reply["failure"])
        if reply["script"] is None:
            raise Halted(f"its `result` is not JSON: {reply['message']}")
        raise Halted(reply["message"], self._sources[reply["script"]].name, reply["line"])


def _job(scripts: Sequence[str], context: str, limits: ScriptLimits) -> dict[str, Any]:
    return {
        "scripts": list(scripts),
        "context": context,
        "seconds": limits.seconds,
        "grace": GRACE_PERIOD,
        "statements": limits.statements,
        "memory": MAX_MEMORY,
        "longest": MAX_RESULT_SIZE,
        "name": RESERVED_PREFIX,
    }


def _check(worker: Worker, source: ScriptSource, text: str) -> None:
    """Check that QuickJS compiles a script."""
    reply = worker.run(_job([text], "{}", _CHECK))
    if reply.get("failure") != "statements":
        line = f", line {reply['line']}" if reply.get("line") else ""
        raise ScriptRefused(
            f"`{source.name}`{line}: {reply.get('message', 'it cannot be compiled')}",
            "correct the script; there are no modules: definitions of `dependencies` are available without an import",
        )
