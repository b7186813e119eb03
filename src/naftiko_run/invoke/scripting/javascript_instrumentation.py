"""Instrumentation of JavaScript to count statements: each block, at its start, adds its number of statements.

Every loop iteration and every call starts a block, or is changed to start one;
no line is added or removed. A block counts in full even if an error ends it, and
so does the handler of that error: a script cannot escape the limit with ``catch``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Final

from naftiko_run.invoke.scripting.program import RESERVED_PREFIX

if TYPE_CHECKING:
    import tree_sitter

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
