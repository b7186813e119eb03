"""Consumed APIs: their base URIs, and the paths of their resources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from naftiko_run.diagnostics import Pointer, Severity
from naftiko_run.lint.document_view import DocumentView, key_pointer
from naftiko_run.lint.hosts import host_of, is_example
from naftiko_run.lint.rule import Finding, Rule
from naftiko_run.spec.table import BASE_URI

_QUERY = re.compile(r"\?[^#]*")


def _base_uris(view: DocumentView) -> Iterator[tuple[Pointer, str]]:
    for consumes in view.consumes:
        base_uri = consumes.text(*BASE_URI).strip()
        if base_uri:
            yield key_pointer(consumes, *BASE_URI), base_uri


def _no_trailing_slash(view: DocumentView) -> Iterator[Finding]:
    for at, base_uri in _base_uris(view):
        if base_uri.endswith("/"):
            yield Finding(at, "the base URI ends with a slash, and paths begin with one")


def _not_example(view: DocumentView) -> Iterator[Finding]:
    for at, base_uri in _base_uris(view):
        host = host_of(base_uri)
        if is_example(host):
            yield Finding(at, f"`{host}` is reserved for examples: there is no API at this name")


def _no_query_in_path(view: DocumentView) -> Iterator[Finding]:
    for consumes in view.consumes:
        for resource in consumes.members("resources"):
            for reader in (resource, *resource.members("operations")):
                query = _QUERY.search(reader.text("path"))
                if query:
                    yield Finding((*reader.at, "path"), f"the path has a query, `{query.group()}`")


RULES: Final = (
    Rule(
        "consumes-baseuri-no-trailing-slash",
        Severity.WARNING,
        "A base URI does not end with a slash.",
        "remove the slash",
        _no_trailing_slash,
    ),
    Rule(
        "baseuri-not-example",
        Severity.WARNING,
        "A base URI does not have a host name that is reserved for examples, such as `example.com`.",
        "write the address of the API",
        _not_example,
    ),
    Rule(
        "consumed-resource-no-query-in-path",
        Severity.WARNING,
        "The path of a consumed resource has no query.",
        "write an input parameter with `in: query` and a `value` instead",
        _no_query_in_path,
    ),
)
