"""Names: of namespaces, tools, functions and steps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from naftiko_run.diagnostics import Pointer, Severity
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.document.normalize.tool_names import MAX_LENGTH, REFUSED, served_name
from naftiko_run.lint.document_view import DocumentView, key_pointer
from naftiko_run.lint.rule import Finding, Rule

_STEP_NAME = re.compile(r"[A-Za-z0-9_-]+\Z")


def _namespaces_unique(view: DocumentView) -> Iterator[Finding]:
    seen: dict[str, tuple[str, Pointer]] = {}
    for entry in view.entries("consumes", "exposes", "binds"):
        at = key_pointer(entry.reader, "namespace")
        if not entry.namespace:
            continue
        section, first = seen.setdefault(entry.namespace, (entry.section, at))
        if first != at:
            line = view.line_of(first)
            yield Finding(
                at, f"the namespace `{entry.namespace}` is already under `{section}`, on line {line}"
            )


def _tool_names(view: DocumentView) -> Iterator[tuple[str, Reader]]:
    for tool in view.tools:
        if tool.name:
            yield tool.name, tool.reader


def _tool_name_characters(view: DocumentView) -> Iterator[Finding]:
    for name, tool in _tool_names(view):
        refused = list(dict.fromkeys(REFUSED.findall(name)))
        if refused:
            marks = " and ".join("a space" if mark == " " else f"`{mark}`" for mark in refused)
            yield _at_name(
                tool,
                f"the tool name `{name}` has {marks}, which some MCP clients reject",
                f"write `{served_name(name)}`",
            )
        elif served_name(name[:MAX_LENGTH]) != name[:MAX_LENGTH]:
            yield _at_name(
                tool,
                f"the tool name `{name}` begins with `{name[0]}`, which some MCP clients reject",
                f"write `{served_name(name)}`",
            )


def _tool_name_long(view: DocumentView) -> Iterator[Finding]:
    for name, tool in _tool_names(view):
        if len(name) > MAX_LENGTH:
            yield _at_name(
                tool,
                f"the tool name `{name}` has {len(name)} characters; some MCP clients accept {MAX_LENGTH} at most",
            )


def _aggregates_unique_function_name(view: DocumentView) -> Iterator[Finding]:
    seen: dict[tuple[str, str], int] = {}
    for function in view.functions:
        aggregate = function.owner
        namespace = aggregate.text("namespace") or str(aggregate.at)
        identity = (namespace, function.name)
        if function.name and identity in seen:
            yield _at_name(
                function.reader,
                f"the aggregate has a {function.kind} `{function.name}` already, on line {seen[identity]}",
            )
        seen.setdefault(identity, view.line_of(function.reader.at))


def _steps_name_pattern(view: DocumentView) -> Iterator[Finding]:
    if view.is_ikanos:
        return
    for _, step in view.steps():
        name = step.text("name")
        if name and not _STEP_NAME.match(name):
            yield _at_name(
                step, f"the step name `{name}` cannot be used in a reference such as `$.{name}.id`"
            )


def _at_name(reader: Reader, message: str, hint: str = "") -> Finding:
    return Finding(key_pointer(reader, "name"), message, hint, at_key="name" not in reader.data)


RULES: Final = (
    Rule(
        "namespaces-unique",
        Severity.ERROR,
        "A namespace is unique across `consumes`, `exposes` and `binds`.",
        "give each entry a unique namespace, and use it in the references",
        _namespaces_unique,
        reported_by=frozenset({"duplicate-namespace"}),
    ),
    Rule(
        "tool-name-characters",
        Severity.ERROR,
        "A tool's name has only characters that every MCP client accepts: letters, digits, `_` and `-`, a letter or `_` first.",
        "write the name in kebab case, such as `list-ships`",
        _tool_name_characters,
        reported_by=frozenset({"tool-name-characters"}),
    ),
    Rule(
        "tool-name-long",
        Severity.WARNING,
        "A tool's name has at most 64 characters, which every MCP client accepts.",
        "choose a shorter name, and put the rest in the description",
        _tool_name_long,
        reported_by=frozenset({"tool-name-long"}),
    ),
    Rule(
        "aggregates-unique-function-name",
        Severity.ERROR,
        "A function (a flow, in the ikanos line) has a unique name in its aggregate.",
        "give it another name: `ref` can only reach one of the two",
        _aggregates_unique_function_name,
    ),
    Rule(
        "steps-name-pattern",
        Severity.WARNING,
        "A step's name can be used in references: letters, digits, `_` and `-` (naftiko line).",
        "write the name in kebab case, such as `get-ship`",
        _steps_name_pattern,
    ),
)
