"""Python source as Markdown: signatures and docstrings, without importing what they name."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from typing import Any

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

_SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields):\Z")
_ITEM = re.compile(r"(\*{0,2}[\w.]+): (.*)", re.DOTALL)
_TITLES = {"Args": "Arguments"}


def definition_of(value: Any) -> Definition:
    """Return the syntax tree of a class or function."""
    node = ast.parse(inspect.cleandoc("\n" + inspect.getsource(value))).body[0]
    assert isinstance(node, Definition)
    return node


def signature(name: str, node: ast.FunctionDef | ast.AsyncFunctionDef, *, is_method: bool = False) -> str:
    """Return the signature of a function as it is written, on as many lines as it needs."""
    arguments = ast.unparse(node.args)
    if is_method:
        arguments = re.sub(r"^(self|cls)(, )?", "", arguments)
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    prefix = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    return f"{prefix}{name}({arguments}){returns}"


def fields(node: ast.ClassDef) -> dict[str, tuple[str, str]]:
    """Return the annotation and the default of each public field of a class; the default is empty if there is none."""
    return {
        each.target.id: (ast.unparse(each.annotation), ast.unparse(each.value) if each.value else "")
        for each in node.body
        if isinstance(each, ast.AnnAssign)
        and isinstance(each.target, ast.Name)
        and not each.target.id.startswith("_")
    }


def methods(node: ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the public methods and properties of a class."""
    for each in node.body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and not each.name.startswith("_"):
            yield each


def is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether a method is a property."""
    return any("property" in ast.unparse(each) for each in node.decorator_list)


def docstring(node: Definition) -> str:
    """Return the docstring of a class or function as Markdown, its sections as lists."""
    return "\n\n".join(_blocks(ast.get_docstring(node) or ""))


def summary(node: Definition) -> str:
    """Return the first paragraph of a docstring, on one line."""
    return _inline((ast.get_docstring(node) or "").partition("\n\n")[0])


def items(node: Definition, section: str) -> dict[str, str]:
    """Return what a section of a docstring says of each name."""
    for block in (ast.get_docstring(node) or "").split("\n\n"):
        head, _, body = block.partition("\n")
        if head == f"{section}:":
            return dict(_items(body))
    return {}


def _blocks(text: str) -> Iterator[str]:
    for block in filter(None, text.split("\n\n")):
        head, _, body = block.partition("\n")
        found = _SECTION.match(head)
        if found is None:
            yield _inline(block)
            continue
        listed = list(_items(body))
        title = _TITLES.get(found[1], found[1])
        lines = [f"- `{name}`: {words}" for name, words in listed] or [f"- {_inline(body)}"]
        yield "\n".join([f"{title}:", "", *lines])


def _items(body: str) -> Iterator[tuple[str, str]]:
    for item in re.split(r"\n(?=\S)", inspect.cleandoc("\n" + body)):
        found = _ITEM.match(item)
        if found is not None:
            yield found[1], _inline(found[2])


def _inline(text: str) -> str:
    return " ".join(text.split()).replace("``", "`")
