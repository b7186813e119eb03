"""Adapters: their addresses, routes and outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from naftiko_run.diagnostics import Severity
from naftiko_run.document.normalize.routes import route_identity
from naftiko_run.lint.document_view import Written
from naftiko_run.lint.hosts import is_example
from naftiko_run.lint.rule import Finding, Rule


def _path_no_trailing_slash(written: Written) -> Iterator[Finding]:
    for exposes in written.adapters("rest"):
        for resource in exposes.members("resources"):
            path = resource.text("path")
            if path.endswith("/") and path != "/":
                yield Finding((*resource.at, "path"), f"the route `{path}` ends with a slash")


def _path_no_query(written: Written) -> Iterator[Finding]:
    for exposes in written.adapters("rest"):
        for resource in exposes.members("resources"):
            before, mark, query = resource.text("path").partition("?")
            if mark:
                yield Finding(
                    (*resource.at, "path"),
                    f"the path of a route carries a query, `?{query}`",
                    f"write `path: {before}`, and declare what the query names with `in: query`",
                )


def _address_not_example(written: Written) -> Iterator[Finding]:
    for exposes in written.exposes:
        address = exposes.text("address")
        if is_example(address):
            yield Finding((*exposes.at, "address"), f"`{address}` is a name for examples: no machine has it")


def _route_clash(written: Written) -> Iterator[Finding]:
    """Find routes that two REST adapters on one port ask for; those within one adapter, loading tells."""
    seen: dict[object, tuple[object, int]] = {}
    for each in written.rest_operations:
        place = (each.owner.text("address"), each.owner.text("port"))
        adapter, line = seen.setdefault(
            (*place, route_identity(f"{each.title.partition(' ')[0]} /{each.path.lstrip('/')}")),
            (each.owner.at, written.line_of(each.reader.at)),
        )
        if adapter != each.owner.at:
            yield Finding(
                each.reader.at,
                f"another adapter on this port answers `{each.title}` already, on line {line}",
            )


def _unnamed_outputs(written: Written) -> Iterator[Finding]:
    for unit in written.units:
        outputs = unit.reader.data.get("outputParameters")
        if not isinstance(outputs, list):
            continue
        unnamed = [output for output in unit.reader.members("outputParameters") if not output.text("name")]
        if len(unnamed) > 1:
            yield Finding(
                unnamed[1].at,
                f"`{unit.name}` has {len(unnamed)} outputs without a name: "
                "the caller gets the first of them that is not null",
            )


RULES: Final = (
    Rule(
        "rest-resource-path-no-trailing-slash",
        Severity.WARNING,
        "The path of a route does not end with a slash.",
        "take the slash off: callers leave it out",
        _path_no_trailing_slash,
    ),
    Rule(
        "rest-resource-path-no-query",
        Severity.WARNING,
        "The path of a route has no query.",
        "declare what the query names as input parameters with `in: query`",
        _path_no_query,
        told_by=frozenset({"unroutable-path"}),
    ),
    Rule(
        "address-not-example",
        Severity.WARNING,
        "An adapter does not listen on a name that is reserved for examples.",
        "write `localhost`, or leave `address` out and use `--host`",
        _address_not_example,
    ),
    Rule(
        "route-clash",
        Severity.ERROR,
        "Two REST adapters on one port do not answer the same method and path.",
        "give one of the adapters another port, or the route another path",
        _route_clash,
    ),
    Rule(
        "unnamed-outputs",
        Severity.WARNING,
        "Where there are several outputs, each has a name.",
        "name them: the caller then gets one object with a member for each",
        _unnamed_outputs,
    ),
)
