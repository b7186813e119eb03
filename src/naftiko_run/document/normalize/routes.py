"""Routes of REST adapters: their paths, and the static queries that distinguish routes with the same path."""

from __future__ import annotations

from collections import Counter

from naftiko_run.diagnostics import Report
from naftiko_run.document.normalize.paths import join
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.expressions import (
    Selector,
    parse_path,
    parse_route,
    split_query_template,
    split_url_path,
)

Identity = tuple[str, str, frozenset[Selector]]
"""Equal for two routes that match the same requests."""


def route_identity(name: str) -> Identity:
    """Return the identity of a route that is written ``METHOD /path``."""
    method, _, written = name.partition(" ")
    route = parse_route(written)
    return method, parse_path(route.path).shape.rstrip("/"), frozenset(route.selectors)


def lone_fragments(adapter: Reader) -> frozenset[str]:
    """Return the routes with a fragment whose method and path no other route of the adapter has.

    Clients cannot send the fragment; it is not needed to distinguish these.
    """
    silent = Reader(adapter.data, adapter.at, Report(""))
    routes = [
        (path, route_identity(f"{operation.text('method').upper() or 'GET'} {path}")[:2])
        for resource in silent.members("resources")
        for operation in resource.members("operations")
        for path in [written_route(resource, operation)]
    ]
    number = Counter(identity for _, identity in routes)
    return frozenset(path for path, identity in routes if "#" in path and number[identity] == 1)


def read_route(resource: Reader, operation: Reader, lone: frozenset[str]) -> str:
    """Return the route of an exposed operation: its path, and the queries and headers that select requests.

    Args:
        resource: The resource.
        operation: The operation.
        lone: See ``lone_fragments``.
    """
    written = written_route(resource, operation)
    route = parse_route(written)
    at = (*resource.at, "path")
    fragment = split_url_path(split_query_template(written)[0])[2]
    if fragment and (written in lone or not route.selectors):
        resource.report.warning(
            "unroutable-path",
            f"`#{fragment}` is a fragment, which requests do not have; it was removed",
            at,
            hint="write a query such as `?action=x` to distinguish routes with the same path",
        )
        route = parse_route(written[: len(written) - len(fragment) - 1])
    elif fragment:
        selectors = " and ".join(str(each) for each in route.selectors)
        resource.report.warning(
            "fragment-in-route",
            f"`#{fragment}` is a fragment, which requests do not have; the route matches requests with {selectors}",
            at,
            hint="write it as a query, such as `?action=x`",
        )
    templates = [each for each in route.undecided if each.startswith("?")]
    names = split_query_template(written)[1]
    templates += [f"{{?{','.join(names)}}}"] if names else []
    if templates:
        resource.report.warning(
            "unroutable-path",
            f"{', '.join(f'`{each}`' for each in templates)}: the caller chooses the value, so it cannot "
            "select a route; it was removed",
            at,
        )
    return route.text


def written_route(resource: Reader, operation: Reader) -> str:
    """Return the route of an operation as written, with a leading slash."""
    path = join(resource.text("path"), operation.text("path"))
    return path if path.startswith("/") else f"/{path}"
