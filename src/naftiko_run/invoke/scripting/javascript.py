"""JavaScript scripts, run by QuickJS in separate processes, and their instrumentation to count statements.

Each block, at its start, adds its number of statements. Every loop iteration and
every call starts a block, or is changed to start one; no line is added or
removed. A block counts in full even if an error ends it, and so does the handler
of that error: a script cannot escape the limit with ``catch``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

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

if TYPE_CHECKING:
    import tree_sitter

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


COUNT: Final = f"{RESERVED_PREFIX}_count"
"""The function that adds the number of statements of a block."""

_BLOCK: Final = "statement_block"
_LOOPS: Final = ("for_statement", "for_in_statement", "while_statement", "do_statement")


def count_statements(text: str) -> str:
    """Return a script that counts its statements.

    Args:
        text: A valid script.

    Raises:
        ValueError: The script has syntax that the parser does not support; the message contains the line.
    """
    source = text.encode()
    inserted: list[tuple[int, int, str]] = []
    root = _parser().parse(source).root_node
    for node in _nodes(root):
        if node.is_error or node.is_missing:
            raise ValueError(f"line {node.start_point.row + 1}: syntax whose statements cannot be counted")
        body = node.child_by_field_name("body")
        if node.type == "program":
            inserted += _at_begin(node, 0)
        elif node.type == _BLOCK:
            inserted += _at_begin(node, 1)
        elif node.type in _LOOPS and body is not None and body.type != _BLOCK:
            inserted += _around(body, f"{{{COUNT}(1);", "}")
        elif node.type == "arrow_function" and body is not None and body.type != _BLOCK:
            inserted += _around(body, f"({COUNT}(1),", ")")
        elif node.type in ("switch_case", "switch_default"):
            inserted += _in_case(node)
    pieces: list[bytes] = []
    begun = 0
    for at, _, code in sorted(inserted):
        pieces += [source[begun:at], code.encode()]
        begun = at
    return b"".join([*pieces, source[begun:]]).decode()


def _at_begin(block: tree_sitter.Node, brackets: int) -> Iterator[tuple[int, int, str]]:
    """Yield the call that counts a block, at its start after its directives; an empty block counts as one."""
    statements = [each for each in block.named_children if each.type != "comment"]
    at, before = block.start_byte + brackets if brackets else 0, ""
    for each in statements:
        if not _is_directive(each):
            break
        at, before = each.end_byte, ";"
    yield at, 1, f"{before}{COUNT}({max(len(statements), 1)});"


def _in_case(case: tree_sitter.Node) -> Iterator[tuple[int, int, str]]:
    statements = case.children_by_field_name("body")
    if statements:
        yield statements[0].start_byte, 0, f"{COUNT}({len(statements)});"


def _around(node: tree_sitter.Node, before: str, after: str) -> Iterator[tuple[int, int, str]]:
    yield node.start_byte, 1, before
    yield node.end_byte, 0, after


def _is_directive(statement: tree_sitter.Node) -> bool:
    children = statement.named_children
    return statement.type == "expression_statement" and len(children) == 1 and children[0].type == "string"


def _nodes(root: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Yield all nodes at any depth, outer nodes before inner ones."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(node.children)


@cache
def _parser() -> tree_sitter.Parser:
    import tree_sitter
    import tree_sitter_javascript

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_javascript.language()))
