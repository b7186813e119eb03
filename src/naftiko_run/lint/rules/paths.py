"""Path variables: of consumed paths and of routes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from naftiko_run.diagnostics import Pointer, Severity
from naftiko_run.document.normalize.reader import Reader, texts
from naftiko_run.expressions import normalize_name, parse_path
from naftiko_run.lint.document_view import DeclaredVariables, DocumentView, WrittenOperation
from naftiko_run.lint.rule import Finding, Rule


def _undeclared(view: DocumentView) -> Iterator[Finding]:
    yield from _of_consumed_paths(view)
    yield from _of_routes(view)


def _of_consumed_paths(view: DocumentView) -> Iterator[Finding]:
    """Find variables that operations do not declare, with one finding for each path."""
    bound = DeclaredVariables.of(view)
    lacking: dict[tuple[Pointer, str], list[str]] = {}
    for each in view.consumed_operations:
        inputs = _input_names(each)
        for reader in (each.resource, each.reader):
            for variable in _variables(reader):
                if normalize_name(variable) not in inputs and not bound.has(variable):
                    lacking.setdefault(((*reader.at, "path"), variable), []).append(each.name)
    for (at, variable), operations in lacking.items():
        yield Finding(
            at,
            f"the path variable `{variable}` is not an input parameter of {_listed(operations)}",
            f"declare it under `inputParameters`: `name: {variable}`, `in: path`",
        )


def _of_routes(view: DocumentView) -> Iterator[Finding]:
    """Find variables that a route's steps or values do not use; loading reports those that a ``call`` does not."""
    for each in view.rest_operations:
        if "call" in each.reader.data or "ref" in each.reader.data:
            continue
        known = _input_names(each) | {normalize_name(name) for name in _words(each.reader.data)}
        for reader in (each.resource, each.reader):
            for variable in _variables(reader):
                if normalize_name(variable) not in known:
                    yield Finding(
                        (*reader.at, "path"),
                        f"the path variable `{variable}` is not an input parameter of "
                        f"`{each.title}`, and nothing uses it",
                        f"declare it under `inputParameters`: `name: {variable}`, `in: path`",
                    )


def _variables(reader: Reader) -> tuple[str, ...]:
    path = reader.text("path").partition("?")[0].partition("#")[0]
    return parse_path(path).variables


def _input_names(operation: WrittenOperation) -> set[str]:
    owners = (operation.owner, operation.resource, operation.reader)
    return _names(parameter for owner in owners for parameter in owner.members("inputParameters"))


def _names(parameters: Iterable[Reader]) -> set[str]:
    return {normalize_name(parameter.text("name") or parameter.key) for parameter in parameters}


def _words(operation: dict[str, Any]) -> Iterator[str]:
    """Yield every name that a reference or template may refer to: ``x``, ``rest.x`` and ``{{x}}`` all refer to ``x``."""
    for _, text in texts({key: value for key, value in operation.items() if key != "path"}, ()):
        for name in (text, *parse_path(text).variables):
            yield name
            yield name.partition(".")[2]


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")


RULES: Final = (
    Rule(
        "undeclared-path-variable",
        Severity.WARNING,
        "A variable of a path is declared as an input parameter, with its type and description.",
        "declare it under `inputParameters`, with `in: path`",
        _undeclared,
    ),
)
