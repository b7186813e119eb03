"""The page of the Python API: what ``import naftiko_run`` offers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

import naftiko_run
from scripts.reference.source import definition_of, docstring, fields, is_property, methods, signature

_INTRODUCTION: Final = """\
# Python API

Everything that `import naftiko_run` offers. Other names are internal and may change in any release; the modules that
plugins import are named in [Extend naftiko-run](../how-to/extend.md). The package has type hints (`py.typed`).
"""


def api_page() -> str:
    """Return the page: functions first, then classes, each by name."""
    names = sorted(name for name in naftiko_run.__all__ if not name.startswith("_"))
    nodes = {name: definition_of(_public(name)) for name in names}
    ordered = sorted(nodes.items(), key=lambda each: (isinstance(each[1], ast.ClassDef), each[0]))
    return "\n".join([_INTRODUCTION, *("\n".join(_entry(name, node)) for name, node in ordered)])


def _public(name: str) -> Any:
    """Return what a public name means: once the package of the same name is imported, the attribute is that package."""
    value = getattr(naftiko_run, name)
    return getattr(value, name) if isinstance(value, ModuleType) else value


def _entry(name: str, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    yield f"## {name}\n"
    if not isinstance(node, ast.ClassDef):
        yield _code(signature(name, node))
        yield f"{docstring(node)}\n"
        return
    yield _code(_class(name, node))
    yield f"{docstring(node)}\n"
    for method in methods(node):
        yield f"### {name}.{method.name}\n"
        if not is_property(method):
            yield _code(signature(method.name, method, is_method=True))
        yield f"{docstring(method)}\n"


def _class(name: str, node: ast.ClassDef) -> str:
    bases = [text for text in map(ast.unparse, node.bases) if not text.startswith("Protocol")]
    head = f"class {name}({', '.join(bases)})" if bases else f"class {name}"
    lines = [
        f"    {field}: {annotation}" + (f" = {default}" if default else "")
        for field, (annotation, default) in fields(node).items()
    ]
    initializer = [
        each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"
    ]
    lines += [f"    def {signature('__init__', each)}" for each in initializer]
    return "\n".join([f"{head}:", *lines]) if lines else head


def _code(text: str) -> str:
    return f"```python\n{text}\n```\n"
