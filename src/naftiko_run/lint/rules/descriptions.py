"""Descriptions: what people and models read to find and choose a capability."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from naftiko_run.diagnostics import Severity
from naftiko_run.lint.document_view import Written
from naftiko_run.lint.rule import Finding, Rule
from naftiko_run.spec.spellings import CONSUMED_NAMESPACE, DESCRIPTION


def _info_tags(written: Written) -> Iterator[Finding]:
    info = written.root.mapping("info")
    if written.is_standalone or (info is not None and info.data.get("tags")):
        return
    yield Finding(("info",), "the capability has no tags", at_key=True)


def _consumes_description(written: Written) -> Iterator[Finding]:
    for consumes in written.consumes:
        if not consumes.text("description"):
            name = consumes.text(*CONSUMED_NAMESPACE) or consumes.key
            yield Finding(consumes.at, f"the consumed API `{name}` has no description")


def _rest_resource_description(written: Written) -> Iterator[Finding]:
    for exposes in written.adapters("rest"):
        for resource in exposes.members("resources"):
            if not resource.text("description"):
                yield Finding(resource.at, f"the resource `{resource.text('path')}` has no description")


def _rest_operation_description(written: Written) -> Iterator[Finding]:
    for each in written.rest_operations:
        if not each.reader.text(*DESCRIPTION) and "ref" not in each.reader.data:
            yield Finding(each.reader.at, f"the operation `{each.title}` has no description")


def _tool_description(written: Written) -> Iterator[Finding]:
    """Find tools that nothing describes: a ``ref`` and a ``call`` give theirs."""
    for tool in written.tools:
        if tool.reader.text(*DESCRIPTION) or "ref" in tool.reader.data:
            continue
        call = tool.reader.text("call")
        called = written.called(call)
        if called.reader.text(*DESCRIPTION) if called else call:
            continue
        yield Finding(tool.reader.at, f"the tool `{tool.name}` has no description: models choose tools by it")


RULES: Final = (
    Rule(
        "info-tags",
        Severity.INFO,
        "`info` has tags.",
        "add `tags` under `info`: catalogues sort capabilities by them",
        _info_tags,
    ),
    Rule(
        "consumes-description",
        Severity.WARNING,
        "A consumed API has a description.",
        "add a `description` that says what the API is",
        _consumes_description,
    ),
    Rule(
        "rest-resource-description",
        Severity.WARNING,
        "A resource of a REST adapter has a description.",
        "add a `description` that says what the resource is",
        _rest_resource_description,
    ),
    Rule(
        "rest-operation-description",
        Severity.INFO,
        "An operation of a REST adapter has a description.",
        "add a `description` that says what the operation does",
        _rest_operation_description,
    ),
    Rule(
        "tool-description",
        Severity.WARNING,
        "A tool has a description, its own or that of what it calls.",
        "add a `description` that says what the tool does and when to use it",
        _tool_description,
    ),
)
