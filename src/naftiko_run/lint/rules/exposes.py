"""Adapters: their addresses, routes and outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from naftiko_run.diagnostics import Severity
from naftiko_run.document.normalize.paths import route_identity
from naftiko_run.lint.document_view import DocumentView
from naftiko_run.lint.hosts import is_example
from naftiko_run.lint.rule import Finding, Rule


def _path_no_trailing_slash(view: DocumentView) -> Iterator[Finding]:
    for exposes in view.adapters("rest"):
        for resource in exposes.members("resources"):
            path = resource.text("path")
            if path.endswith("/") and path != "/":
                yield Finding((*resource.at, "path"), f"the route `{path}` ends with a slash")


def _path_no_query(view: DocumentView) -> Iterator[Finding]:
    for exposes in view.adapters("rest"):
        for resource in exposes.members("resources"):
            before, mark, query = resource.text("path").partition("?")
            if mark:
                yield Finding(
                    (*resource.at, "path"),
                    f"the path of a route has a query, `?{query}`",
                    f"write `path: {before}`, and declare what the query names with `in: query`",
                )


def _address_not_example(view: DocumentView) -> Iterator[Finding]:
    for exposes in view.exposes:
        address = exposes.text("address")
        if is_example(address):
            yield Finding(
                (*exposes.at, "address"), f"`{address}` is reserved for examples: no machine has this name"
            )


def _route_clash(view: DocumentView) -> Iterator[Finding]:
    """Find routes of two REST adapters on one port that conflict; loading reports those within one adapter."""
    seen: dict[object, tuple[object, int]] = {}
    for each in view.rest_operations:
        place = (each.owner.text("address"), each.owner.text("port"))
        adapter, line = seen.setdefault(
            (*place, route_identity(f"{each.title.partition(' ')[0]} /{each.path.lstrip('/')}")),
            (each.owner.at, view.line_of(each.reader.at)),
        )
        if adapter != each.owner.at:
            yield Finding(
                each.reader.at,
                f"another adapter on this port serves `{each.title}` already, on line {line}",
            )


def _unnamed_outputs(view: DocumentView) -> Iterator[Finding]:
    for caller in view.callers:
        outputs = caller.reader.data.get("outputParameters")
        if not isinstance(outputs, list):
            continue
        unnamed = [output for output in caller.reader.members("outputParameters") if not output.text("name")]
        if len(unnamed) > 1:
            yield Finding(
                unnamed[1].at,
                f"`{caller.name}` has {len(unnamed)} outputs without a name: "
                "the result is the first one that is not null",
            )


RULES: Final = (
    Rule(
        "rest-resource-path-no-trailing-slash",
        Severity.WARNING,
        "The path of a route does not end with a slash.",
        "remove the slash: callers omit it",
        _path_no_trailing_slash,
    ),
    Rule(
        "rest-resource-path-no-query",
        Severity.WARNING,
        "The path of a route has no query.",
        "declare what the query names as input parameters with `in: query`",
        _path_no_query,
        reported_by=frozenset({"unroutable-path"}),
    ),
    Rule(
        "address-not-example",
        Severity.WARNING,
        "An adapter does not listen on a host name that is reserved for examples.",
        "write `localhost`, or remove `address` and use `--host`",
        _address_not_example,
    ),
    Rule(
        "route-clash",
        Severity.ERROR,
        "Two REST adapters on one port do not serve the same method and path.",
        "give one of the adapters another port, or the route another path",
        _route_clash,
    ),
    Rule(
        "unnamed-outputs",
        Severity.WARNING,
        "Each of several outputs has a name.",
        "name them: the result is then one object with a member for each",
        _unnamed_outputs,
    ),
)
