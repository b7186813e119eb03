"""Base URIs, consumed paths and routes: joined, without fragments, with variables in one spelling."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from urllib.parse import unquote, unquote_plus

from naftiko_run.diagnostics import Pointer, Report
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.expressions import (
    Selector,
    parse_path,
    parse_route,
    split_query_template,
    split_url_path,
)
from naftiko_run.secret import MASK
from naftiko_run.spec.table import BASE_URI
from naftiko_run.urls import PLACEHOLDER, describe_placeholder, has_origin

_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_BARE_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::[0-9]+)?(?:[/?]|\Z)")
_BASE_VARIABLE = re.compile(r"\$?\{\{?\s*([^{}]+?)\s*\}?\}")


def normalize_base_uri(consumes: Reader) -> tuple[str, list[dict[str, Any]]]:
    """Return the base URI with its variables as ``{{X}}``, a scheme, and no trailing slash.

    Returns:
        The base URI, and canonical input parameters with the fixed values of
        its query.
    """
    at = (*consumes.at, "baseUri")
    written = consumes.text(*BASE_URI).strip()
    if written.startswith("//"):
        consumes.report.warning(
            "base-uri-without-scheme",
            f"`{written}` has no scheme; https is used",
            at,
        )
        written = f"https:{written}"
    elif _BARE_HOST.match(written):
        consumes.report.warning("base-uri-without-scheme", f"`{written}` has no scheme; https is used", at)
        written = f"https://{written}"
    written = _SCHEME.sub(lambda scheme: scheme.group().lower(), written)
    canonical, parameters = split_path(_BASE_VARIABLE.sub(r"{{\1}}", written), at, consumes.report)
    canonical = canonical.rstrip("/")
    if any(not found.group().startswith("{{") for found in _BASE_VARIABLE.finditer(written)):
        consumes.report.warning(
            "base-uri-variable",
            f"`{written}` is read as `{canonical}`: a binding, or an environment variable",
            at,
            hint=f"write `{canonical}`, and bind the variable under `binds`",
        )
    if parameters:
        consumes.report.warning(
            "base-uri-query",
            "a base URI cannot have a query; "
            + ", ".join(f"`{parameter['name']}`" for parameter in parameters)
            + " is sent with every operation",
            at,
            hint="write input parameters with `in: query` and a `value` instead",
        )
    if not base_uri_fault(canonical) and any(character.isspace() for character in canonical):
        consumes.report.warning(
            "base-uri-space",
            "the base URI contains a space; in its path it is sent as `%20`",
            at,
            hint="remove it, or write `%20`",
        )
    return canonical, parameters


def ends_with_slash(consumes: Reader) -> bool:
    """Whether a base URI ends with a slash, which an operation without a path keeps."""
    written = consumes.text(*BASE_URI).strip()
    return split_url_path(written)[0].endswith("/")


def base_uri_fault(base_uri: str) -> str:
    """Return the reason why a base URI cannot be called; empty where it can be, once templates are filled in."""
    if not base_uri:
        return "its `baseUri` is missing"
    if re.match(r"(?:https?://)?[^/]*\s", PLACEHOLDER.sub("x", base_uri)):
        return "its `baseUri` has a space in its host"
    if has_origin(base_uri):
        return ""
    placeholder = PLACEHOLDER.match(base_uri)
    if placeholder:
        return f"its `baseUri` begins with {describe_placeholder(placeholder[0])}"
    shown = re.sub(r"//.*@", f"//{MASK}@", base_uri)
    return f"its `baseUri` `{shown}` is not an http or https address"


def join(base: str, path: str) -> str:
    """Join two paths with exactly one slash; an OData key ``(…)`` without one."""
    if not path or path == "/":
        return base or path
    if path.lstrip("/").startswith("("):
        return base.rstrip("/") + path.lstrip("/")
    return f"{base.rstrip('/')}/{path.lstrip('/')}"


def operation_paths_replace(consumes: Reader) -> bool:
    """Whether the operations' own paths replace or continue those of their resources.

    Decided once for each ``consumes`` entry: one operation path that begins with
    its resource's means that all of them replace.
    """
    for resource in consumes.members("resources"):
        base = resource.text("path").rstrip("/")
        if not base:
            continue
        for operation in resource.members("operations"):
            path = operation.text("path")
            if path == base or path.startswith((base + "/", base + "?", base + "(", base + ":")):
                return True
    return False


def consumed_path(base_uri: str, resource: str, own: str, *, replace: bool) -> str:
    """Return an operation's path below its base URI, with a leading slash.

    Args:
        base_uri: The canonical base URI.
        resource: The resource's path; empty for the base URI itself, ``/`` for the base URI with a slash.
        own: The operation's own path; empty where it has none.
        replace: See ``operation_paths_replace``.
    """
    if not own or (own == "/" and resource):
        path = resource
    elif replace or resource in ("", "/"):
        path = _without_base(base_uri, own)
    else:
        path = join(resource, own)
    if not path or path.startswith(("/", "?", "#", "(")):
        return path
    return f"/{path}"


def _without_base(base_uri: str, path: str) -> str:
    """Remove the base URI's own path from an operation path that repeats it."""
    host, _, base_path = base_uri.partition("://")[2].partition("/")
    prefix = f"/{base_path}"
    if host and base_path and (path == prefix or path.startswith(prefix + "/")):
        return path.removeprefix(prefix)
    return path


def split_path(path: str, at: Pointer, report: Report) -> tuple[str, list[dict[str, Any]]]:
    """Split the query and the fragment from a consumed path.

    Returns:
        The bare path, and canonical input parameters with the fixed values of
        the query, and of the fragment that AWS documents encode headers in.
    """
    path, templates = split_query_template(path)
    path, query, fragment = split_url_path(path)
    parameters = [_fixed(name, value, "query", at) for name, value in _pairs(query)]
    parameters += [_fixed(name, f"{{{name}}}", "query", at) for name in templates]
    if fragment:
        report.warning(
            "fragment-in-path",
            f"`#{fragment}` is a fragment, which HTTP never sends",
            at,
            hint="write a header or query parameter with a `value` instead",
        )
        for name, value in _pairs(fragment):
            place = "header" if name.casefold().startswith("x-") else "query"
            if value:
                parameters.append(_fixed(name, value, place, at))
    return path, parameters


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs = [part.partition("=") for part in text.split("&")]
    return [(unquote(name), unquote_plus(value)) for name, _, value in pairs if name]


def _fixed(name: str, value: str, place: str, at: Pointer) -> dict[str, Any]:
    """Return a parameter with a fixed value; ``{x}`` in the value is the input x."""
    template = "".join(
        part if isinstance(part, str) else f"{{{{{part.name}}}}}" for part in parse_path(value).parts
    )
    return {"pointer": at, "name": name, "in": place, "value": template}


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
