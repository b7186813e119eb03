"""Names: of namespaces, tools, functions and steps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from naftiko_run.diagnostics import Pointer, Severity
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.document.normalize.tool_names import MAX_LENGTH, REFUSED, served_name
from naftiko_run.lint.document_view import Written, written_key
from naftiko_run.lint.rule import Finding, Rule

_STEP_NAME = re.compile(r"[A-Za-z0-9_-]+\Z")


def _namespaces_unique(written: Written) -> Iterator[Finding]:
    seen: dict[str, tuple[str, Pointer]] = {}
    for entry in written.entries("consumes", "exposes", "binds"):
        at = written_key(entry.reader, "namespace")
        if not entry.namespace:
            continue
        section, first = seen.setdefault(entry.namespace, (entry.section, at))
        if first != at:
            line = written.line_of(first)
            yield Finding(
                at, f"the namespace `{entry.namespace}` stands under `{section}` already, on line {line}"
            )


def _tool_names(written: Written) -> Iterator[tuple[str, Reader]]:
    for tool in written.tools:
        if tool.name:
            yield tool.name, tool.reader


def _tool_name_characters(written: Written) -> Iterator[Finding]:
    for name, tool in _tool_names(written):
        refused = list(dict.fromkeys(REFUSED.findall(name)))
        if refused:
            marks = " and ".join("a space" if mark == " " else f"`{mark}`" for mark in refused)
            yield _at_name(
                tool,
                f"the tool name `{name}` has {marks}, which some MCP clients refuse",
                f"write `{served_name(name)}`",
            )
        elif served_name(name[:MAX_LENGTH]) != name[:MAX_LENGTH]:
            yield _at_name(
                tool,
                f"the tool name `{name}` begins with `{name[0]}`, which some MCP clients refuse",
                f"write `{served_name(name)}`",
            )


def _tool_name_long(written: Written) -> Iterator[Finding]:
    for name, tool in _tool_names(written):
        if len(name) > MAX_LENGTH:
            yield _at_name(
                tool,
                f"the tool name `{name}` has {len(name)} characters; some MCP clients take {MAX_LENGTH} at most",
            )


def _aggregates_unique_function_name(written: Written) -> Iterator[Finding]:
    seen: dict[tuple[str, str], int] = {}
    for function in written.functions:
        aggregate = function.owner
        namespace = aggregate.text("namespace") or str(aggregate.at)
        identity = (namespace, function.name)
        if function.name and identity in seen:
            yield _at_name(
                function.reader,
                f"the aggregate has a {function.kind} `{function.name}` already, on line {seen[identity]}",
            )
        seen.setdefault(identity, written.line_of(function.reader.at))


def _steps_name_pattern(written: Written) -> Iterator[Finding]:
    if written.is_ikanos:
        return
    for _, step in written.steps():
        name = step.text("name")
        if name and not _STEP_NAME.match(name):
            yield _at_name(
                step, f"the step name `{name}` cannot be used in a reference such as `$.{name}.id`"
            )


def _at_name(reader: Reader, message: str, hint: str = "") -> Finding:
    return Finding(written_key(reader, "name"), message, hint, at_key="name" not in reader.data)


RULES: Final = (
    Rule(
        "namespaces-unique",
        Severity.ERROR,
        "A namespace is unique across `consumes`, `exposes` and `binds`.",
        "give each entry a namespace of its own, and use it in the references",
        _namespaces_unique,
        told_by=frozenset({"duplicate-namespace"}),
    ),
    Rule(
        "tool-name-characters",
        Severity.ERROR,
        "A tool's name has only what every MCP client takes: letters, digits, `_` and `-`, a letter or `_` first.",
        "write the name in kebab case, such as `list-ships`",
        _tool_name_characters,
        told_by=frozenset({"tool-name-characters"}),
    ),
    Rule(
        "tool-name-long",
        Severity.WARNING,
        "A tool's name has at most 64 characters, which every MCP client takes.",
        "choose a shorter name; say the rest in the description",
        _tool_name_long,
        told_by=frozenset({"tool-name-long"}),
    ),
    Rule(
        "aggregates-unique-function-name",
        Severity.ERROR,
        "A function (a flow, in the ikanos line) has a name of its own within its aggregate.",
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
