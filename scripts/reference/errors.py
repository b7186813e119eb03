"""The page of the errors: exceptions, and the problems that clients receive."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import naftiko_run
from naftiko_run import errors
from scripts.reference.source import definition_of, summary

_SOURCE: Final = Path(naftiko_run.__file__).parent

_EXCEPTIONS: Final = """\
# Errors

## Exceptions

Every exception that the package raises on purpose is a `NaftikoError`. It has a `message` and, where the message does
not already say how to fix the problem, a `hint`. Those that `naftiko_run` does not export are in `naftiko_run.errors`.

| exception | base | meaning | REST |
| --- | --- | --- | --- |
"""
_PROBLEMS: Final = """
Over REST, an exception of a call is a problem document (RFC 9457) with this status and code. Over MCP, it is a result
with `isError` and the same text. An exception that is not in this table is a bug: the client receives 500 with the
code `internal-error` and an id, and the log has the traceback under the same id.

## Problem codes

The `type` of a problem document is `urn:naftiko:problem:CODE`. Codes are stable.

| code | status |
| --- | --- |
"""


def errors_page() -> str:
    """Return the page: a row for each exception, and a row for each code."""
    problems = list(_problems())
    by_exception = {name: f"{status} `{code}`" for name, status, code in problems if name}
    codes: dict[str, set[str]] = {}
    for _, status, code in problems:
        codes.setdefault(code, set()).add(status)
    return "".join(
        [
            _EXCEPTIONS,
            *(
                f"| `{kind.__name__}` | `{kind.__base__.__name__}` | {summary(definition_of(kind))} "  # type: ignore[union-attr]
                f"| {by_exception.get(kind.__name__, '')} |\n"
                for kind in _exceptions()
            ),
            _PROBLEMS,
            *(f"| `{code}` | {', '.join(sorted(found))} |\n" for code, found in sorted(codes.items())),
        ]
    )


def _exceptions() -> list[type[Exception]]:
    found = [
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, errors.NaftikoError)
    ]
    return sorted(found, key=lambda each: [base.__name__ for base in reversed(each.__mro__)])


def _problems() -> Iterator[tuple[str, str, str]]:
    """Yield the exception (empty for none), the status and the code of each problem in the source."""
    for file in sorted(_SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Problem"), args=[status, code, *_]):
                    yield from _literal("", status, code)
                case ast.Dict(keys=keys, values=values):
                    for key, value in zip(keys, values, strict=True):
                        if (
                            isinstance(key, ast.Name)
                            and isinstance(value, ast.Tuple)
                            and len(value.elts) == 2
                        ):
                            yield from _literal(key.id, *value.elts)


def _literal(name: str, status: ast.expr, code: ast.expr) -> Iterator[tuple[str, str, str]]:
    match (status, code):
        case (ast.Constant(value=int(number)), ast.Constant(value=str(text))):
            yield name, str(number), text
        case (ast.IfExp(), ast.Constant(value=str(text))):
            yield name, "the upstream's, else 502", text
