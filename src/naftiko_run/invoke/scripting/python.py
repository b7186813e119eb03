"""Python scripts, run by Monty, an isolated interpreter written in Rust, in separate processes.

Scripts are instrumented to count statements: each suite, at its start, adds its
number of statements. The text is changed as little as possible, so that lines of
the result map to lines of the script. A suite counts in full even if an error
ends it, and so does the handler of that error: a script cannot escape the limit
with ``except``. Checks that start threads run in a forked subprocess, so that no
thread remains in this process.
"""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

from naftiko_run import _json
from naftiko_run.invoke.scripting.program import (
    GRACE_PERIOD,
    MAX_CONCURRENT_SCRIPTS,
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

if TYPE_CHECKING:
    import pydantic_monty

COUNT: Final = f"{RESERVED_PREFIX}__"
"""The function that adds the number of statements of a suite."""

_SUITES: Final = ("body", "orelse", "finalbody")
_COMPOUND: Final = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
)


@dataclass(frozen=True, slots=True)
class Counted:
    """An instrumented script.

    Attributes:
        text: The instrumented text.
        lines: For each of its lines, the number of the original line.
    """

    text: str
    lines: tuple[int, ...]


def count_statements(text: str, tree: ast.Module) -> Counted:
    """Return a script that counts its statements.

    Args:
        text: The script.
        tree: The parsed script.
    """
    inline: dict[int, list[tuple[int, bytes]]] = {}
    above: dict[int, list[bytes]] = {}
    lines = [line.encode() for line in text.split("\n")]
    for suite in _suites(tree):
        first = suite[0]
        at = min([first.lineno, *(each.lineno for each in getattr(first, "decorator_list", ()))])
        call = f"{COUNT}({len(suite)})".encode()
        line = lines[at - 1]
        if not isinstance(first, _COMPOUND):
            inline.setdefault(at, []).append((first.col_offset, call + b"; "))
        elif not line[first.col_offset :].startswith(b"elif"):
            above.setdefault(at, []).append(line[: first.col_offset] + call)
    written: list[bytes] = []
    origins: list[int] = []
    for number, line in enumerate(lines, 1):
        for column, call in sorted(inline.get(number, ()), reverse=True):
            line = line[:column] + call + line[column:]  # noqa: PLW2901
        added = above.get(number, [])
        written += [*added, line]
        origins += [number] * (len(added) + 1)
    return Counted(b"\n".join(written).decode(), tuple(origins))


def _suites(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """Yield all suites with a statement that a call can be inserted before.

    Class bodies are skipped: Monty accepts only methods and variables in them.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            continue
        for field in _SUITES:
            suite = getattr(node, field, None)
            if not isinstance(suite, list):
                continue
            if node is tree:
                suite = [each for each in suite if not _must_be_first(each, tree)]
            if suite:
                yield suite


def _must_be_first(statement: ast.stmt, tree: ast.Module) -> bool:
    """Return whether a statement of a module must come first: its docstring, or an import from `__future__`."""
    is_docstring = (
        statement is tree.body[0]
        and isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
    return is_docstring or (isinstance(statement, ast.ImportFrom) and statement.module == "__future__")


_SPENT: Final = f"{RESERVED_PREFIX}: the statement limit"
_PRELUDE: Final = f"""
import json as {RESERVED_PREFIX}_json
{RESERVED_PREFIX}_left = [{{statements}}]
def {COUNT}(number):
    {RESERVED_PREFIX}_left[0] -= number
    if {RESERVED_PREFIX}_left[0] < 0:
        raise RuntimeError("{_SPENT}")
result = ...
"""
_CONTEXT: Final = f"context = {RESERVED_PREFIX}_json.loads({RESERVED_PREFIX}_context)"
_EXPORT: Final = f"None if result is ... else {RESERVED_PREFIX}_json.dumps(result, allow_nan=False)"
_SETUP_FEEDS: Final = 2

_FEED: Final = re.compile(r"<python-input-(\d+)>")
_HINT: Final = (
    "scripts run in Monty, which supports a subset of Python: see https://github.com/pydantic/monty; "
    "rewrite it, or use JavaScript"
)


@dataclass(frozen=True, slots=True)
class PythonProgram:
    """Instrumented Python scripts, in the order in which they are evaluated."""

    _sources: tuple[ScriptSource, ...]
    _counted: tuple[Counted, ...]

    @classmethod
    def compile(cls, sources: Sequence[ScriptSource]) -> PythonProgram:
        """Compile scripts; Monty reports what it cannot run.

        Raises:
            ScriptRefused: A script cannot be run, or Monty is not installed.
        """
        try:
            import pydantic_monty  # noqa: F401
        except ImportError as missing:
            raise not_installed("Python", str(missing.name)) from None
        trees = [_parse(source) for source in sources]
        counted = [count_statements(source.text, tree) for source, tree in zip(sources, trees, strict=True)]
        program = cls(tuple(sources), tuple(counted))
        if can_fork() and not _Threads.are_running:
            run_in_subprocess(lambda: program._check(trees))
        else:
            _Threads.are_running = True
            program._check(trees)
        return program

    async def run(self, context: str, limits: ScriptLimits) -> str | None:
        """Run the scripts in a new session of a worker process; see ``Program.run``."""
        import pydantic_monty

        pool = await _Pool.get()
        session = pool.checkout(
            limits={"max_feed_duration_secs": limits.seconds, "max_memory": MAX_MEMORY},
            os_policy={"sleep": "zero"},
            assert_message_annotations=False,
        )
        reading = "its context"
        try:
            async with session, asyncio.timeout(limits.seconds + GRACE_PERIOD):
                prelude = _PRELUDE.format(statements=limits.statements)
                await session.feed_run(prelude, print_callback=_discard)
                await _set_context(session, context)
                reading = "its `result`"
                for counted in self._counted:
                    await session.feed_run(counted.text, print_callback=_discard)
                result: str | None = await session.feed_run(_EXPORT, print_callback=_discard)
        except TimeoutError:
            limits.halt("time")
        except pydantic_monty.MontyCrashedError as fault:
            limits.halt("time" if fault.timed_out else "crash")
        except (pydantic_monty.MontyRuntimeError, pydantic_monty.MontySyntaxError) as fault:
            raise self._halted(fault, limits, reading) from None
        if result and len(result) > MAX_RESULT_SIZE:
            limits.halt("result")
        return result

    def _halted(
        self,
        fault: pydantic_monty.MontyRuntimeError | pydantic_monty.MontySyntaxError,
        limits: ScriptLimits,
        reading: str,
    ) -> Halted:
        text = fault.display("type-msg")
        kind, _, message = text.partition(": ")
        if message == _SPENT:
            limits.halt("statements")
        if kind == "TimeoutError" and message.startswith("feed time limit exceeded"):
            limits.halt("time")
        if kind == "MemoryError" and message.startswith("memory limit exceeded"):
            limits.halt("memory")
        hint = _HINT if kind in ("ModuleNotFoundError", "ImportError", "NotImplementedError") else ""
        for frame in reversed(fault.traceback()):
            found = _FEED.fullmatch(frame.filename)
            index = int(found[1]) - _SETUP_FEEDS if found else -1
            if 0 <= index < len(self._sources):
                lines = self._counted[index].lines
                return Halted(text, self._sources[index].name, lines[min(frame.line, len(lines)) - 1], hint)
        return Halted(f"{reading} is not JSON: {text}")

    def _check(self, trees: Sequence[ast.Module]) -> None:
        """Check that Monty parses each script and supports its imports; a first statement prevents scripts from running."""
        import pydantic_monty

        stop = f'raise RuntimeError("{RESERVED_PREFIX}")\n'
        with pydantic_monty.Monty(max_processes=1) as pool, pool.checkout() as session:
            for source, counted, tree in zip(self._sources, self._counted, trees, strict=True):
                try:
                    session.feed_run(stop + counted.text)
                except pydantic_monty.MontyError as fault:
                    if RESERVED_PREFIX not in str(fault):
                        line = counted.lines[max(_line(fault) - 2, 0)]
                        raise ScriptRefused(f"`{source.name}`, line {line}: {fault}", _HINT) from None
                for node in _imports(tree):
                    try:
                        session.feed_run(ast.unparse(node))
                    except pydantic_monty.MontyError as fault:
                        raise ScriptRefused(
                            f"`{source.name}`, line {node.lineno}: {fault}",
                            f"definitions of `dependencies` are available without an import; {_HINT}",
                        ) from None


class _Threads:
    """Whether Monty's own threads run in this process; a forked process would lack them and wait forever.

    They are started as late as possible, so that a server can fork workers after its documents are loaded.
    """

    are_running: bool = False


class _Pool:
    """The worker processes of all documents: started on demand, each used by one script at a time."""

    _pool: pydantic_monty.AsyncMonty | None = None

    @classmethod
    async def get(cls) -> pydantic_monty.AsyncMonty:
        """Return the pool, which outlives event loops."""
        if cls._pool is None:
            import pydantic_monty

            _Threads.are_running = True
            pool = pydantic_monty.AsyncMonty(min_processes=0, max_processes=MAX_CONCURRENT_SCRIPTS)
            await pool.__aenter__()
            cls._pool = cls._pool or pool
        return cls._pool


async def _set_context(session: pydantic_monty.AsyncMontySession, context: str) -> None:
    """Set the context of a session; one that is too deep for Monty's JSON is passed as values, which is slow."""
    import pydantic_monty

    try:
        await session.feed_run(
            _CONTEXT, inputs={f"{RESERVED_PREFIX}_context": context}, print_callback=_discard
        )
    except pydantic_monty.MontyRuntimeError as fault:
        if "recursion limit" not in str(fault):
            raise
        value = _json.loads(context.encode())
        await session.feed_run("None", inputs={"context": value}, print_callback=_discard)


def _parse(source: ScriptSource) -> ast.Module:
    reject_reserved_names(source)
    try:
        tree = ast.parse(source.text, source.name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as fault:
        line = f", line {fault.lineno}" if isinstance(fault, SyntaxError) else ""
        message = fault.msg if isinstance(fault, SyntaxError) else fault
        raise ScriptRefused(f"`{source.name}`{line}: {message}", "correct the script") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in ("exec", "eval"):
            raise ScriptRefused(
                f"`{source.name}`, line {node.lineno}: `{node.id}` is not available",
                "write the code directly, so that its statements can be counted",
            )
    return tree


def _imports(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    """Return the imports outside of ``try`` statements."""
    caught = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.Try) for inner in ast.walk(node)}
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom)) and id(node) not in caught
    ]


def _line(fault: pydantic_monty.MontyError) -> int:
    frames: list[Any] = getattr(fault, "traceback", list)()
    return frames[-1].line if frames else 1


def _discard(_stream: str, _text: str) -> None:
    """Discard what a script prints."""


_HAS_FORK: Final = hasattr(os, "fork")


def can_fork() -> bool:
    """Return whether this process can fork safely: it has no other Python threads, which a fork would lack."""
    return _HAS_FORK and threading.active_count() == 1


def run_in_subprocess(check: Callable[[], None]) -> None:
    """Run a check in a forked subprocess.

    Raises:
        ScriptRefused: The check raised it.
        RuntimeError: The subprocess crashed.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        _check(check, writer)
    os.close(writer)
    with os.fdopen(reader) as results:
        text = results.read()
    os.waitpid(pid, 0)
    if not text:
        raise RuntimeError("a script could not be checked: the subprocess crashed")
    refused = json.loads(text)
    if refused:
        raise ScriptRefused(*refused)


def _check(check: Callable[[], None], writer: int) -> NoReturn:
    try:
        refused: tuple[str, ...] = ()
        try:
            check()
        except ScriptRefused as fault:
            refused = (str(fault), fault.hint)
        with os.fdopen(writer, "w") as results:
            json.dump(refused, results)
    finally:
        os._exit(0)
