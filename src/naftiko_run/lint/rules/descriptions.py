"""Descriptions, by which people and models find and select a capability."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from naftiko_run.diagnostics import Severity
from naftiko_run.lint.document_view import DocumentView
from naftiko_run.lint.rule import Finding, Rule
from naftiko_run.spec.table import CONSUMED_NAMESPACE, DESCRIPTION


def _info_tags(view: DocumentView) -> Iterator[Finding]:
    info = view.root.mapping("info")
    if view.is_standalone or (info is not None and info.data.get("tags")):
        return
    yield Finding(("info",), "the capability has no tags", at_key=True)


def _consumes_description(view: DocumentView) -> Iterator[Finding]:
    for consumes in view.consumes:
        if not consumes.text("description"):
            name = consumes.text(*CONSUMED_NAMESPACE) or consumes.key
            yield Finding(consumes.at, f"the consumed API `{name}` has no description")


def _rest_resource_description(view: DocumentView) -> Iterator[Finding]:
    for exposes in view.adapters("rest"):
        for resource in exposes.members("resources"):
            if not resource.text("description"):
                yield Finding(resource.at, f"the resource `{resource.text('path')}` has no description")


def _rest_operation_description(view: DocumentView) -> Iterator[Finding]:
    for each in view.rest_operations:
        if not each.reader.text(*DESCRIPTION) and "ref" not in each.reader.data:
            yield Finding(each.reader.at, f"the operation `{each.title}` has no description")


def _tool_description(view: DocumentView) -> Iterator[Finding]:
    """Find tools without a description, their own or that of their ``ref`` or ``call``."""
    for tool in view.tools:
        if tool.reader.text(*DESCRIPTION) or "ref" in tool.reader.data:
            continue
        call = tool.reader.text("call")
        called = view.called(call)
        if called.reader.text(*DESCRIPTION) if called else call:
            continue
        yield Finding(tool.reader.at, f"the tool `{tool.name}` has no description: models select tools by it")


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
