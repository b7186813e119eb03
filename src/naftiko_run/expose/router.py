"""The ASGI app of one port: routes each request to its endpoint."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from urllib.parse import unquote

from naftiko_run.errors import InvocationError, ResponseAborted
from naftiko_run.expose.disconnect import stop_receiving
from naftiko_run.expose.exposer import BELOW, Adapter, ASGIApp, Endpoint, Receive, Scope, Send
from naftiko_run.expose.paths import raw_path_of
from naftiko_run.expose.problems import Problem, problem_of
from naftiko_run.expose.response import respond
from naftiko_run.expose.route import Answer, Route
from naftiko_run.expose.trusted_host import HostGuard
from naftiko_run.expressions import ANY_VALUE, parse_path

_SLASH = "\ud800"
"""Replaces an encoded slash in a segment while paths are matched; valid UTF-8 never contains it."""

_COMMON = ("GET", "HEAD", "POST")
"""Methods for which an endpoint that serves all methods is added to the direct lookup."""


class Router:
    """Routes the requests of one port.

    Literal segments take precedence over variables; a trailing slash is ignored. Of endpoints that match the same
    requests, the first is used: see ``without_clashes``.

    Args:
        adapters: All adapters on the port.
        guard: Checks the Host and Origin headers of requests.
        pages: The apps of further paths, such as those of health routes; used for GET and HEAD if no adapter has the path.
    """

    def __init__(
        self, adapters: Sequence[Adapter], guard: HostGuard, pages: Mapping[str, ASGIApp] | None = None
    ) -> None:
        self._guard = guard
        self._pages = pages or {}
        self._direct: dict[tuple[str, bytes], ASGIApp] = {}
        self._fixed: dict[str, Route] = {}
        self._variable: dict[int, dict[str, tuple[Route, ...]]] = {}
        self._prefixes: list[Route] = []
        self._paths: dict[int, list[str]] = {}
        guarded = [each for each in adapters if each.admit is not None]
        # Unmatched requests must pass the authentication of a REST adapter, which has no path of its own, or else of any
        # adapter if all require authentication.
        owners = [each for each in guarded if not each.path] or (
            guarded if len(guarded) == len(adapters) else []
        )
        self._admission_checks = tuple(each.admit for each in owners if each.admit is not None)
        routes: dict[str, Route] = {}
        for adapter in adapters:
            for endpoint in adapter.endpoints:
                if not endpoint.is_alias:
                    _add(endpoint, routes)
        self._add_aliases(adapters, routes)
        self._allow = ", ".join(sorted({method for route in routes.values() for method in route.allowed()}))
        """The methods that any endpoint on the port supports."""
        for shape, route in routes.items():
            if shape.endswith(BELOW):
                self._prefixes.append(route)
            elif ANY_VALUE in shape:
                by_prefix = self._variable.setdefault(shape.count("/"), {})
                prefix = _literal_prefix(shape)
                by_prefix[prefix] = (*by_prefix.get(prefix, ()), route)
            else:
                self._fixed[shape] = route
                self._add_direct(shape, route)
        for by_prefix in self._variable.values():
            for prefix, group in by_prefix.items():
                by_prefix[prefix] = tuple(sorted(group, key=lambda route: route.weight))
        # The longest prefix is tried first; of equally long ones, the one with more literal segments.
        self._prefixes.sort(key=lambda route: (-len(route.weight), route.weight))

    def path_of(self, adapter: Adapter) -> str:
        """Return the shortest path of an adapter: its own, or that of an alias."""
        return min(self._paths.get(id(adapter), [adapter.path]), key=lambda path: (path == "/", len(path)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request."""
        try:
            self._guard.check(scope)
            app = self._route(scope)
            await app(scope, receive, send)
        except Problem as problem:
            await problem.send(scope, send)
        except asyncio.CancelledError:
            with suppress(Exception):  # raised if the response has started
                await Problem(503, "stopping", "The server stopped before the request was complete").send(
                    scope, send
                )
            raise
        except ResponseAborted:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost handler: hides internal errors
            await problem_of(error).send(scope, send)
        finally:
            stop_receiving(scope)

    def _route(self, scope: Scope) -> ASGIApp:
        """Return the app for a request, and set the path parameters in the scope.

        Raises:
            Problem: 400, the path is not percent-encoded UTF-8.
        """
        direct = self._direct.get((scope["method"], scope.get("raw_path", b"")))
        if direct is not None and not scope.get("root_path"):
            scope["path_params"] = {}
            return direct
        raw_path = raw_path_of(scope)
        try:
            path = _decode_path(raw_path)
        except UnicodeDecodeError:
            raise Problem(400, "not-utf8", "The path is not percent-encoded UTF-8") from None
        route, values = self._find(path)
        found = route.answer(scope) if route else None
        if found is None and route is not None and route.is_selective:
            found, values = self._find_unselective(path, scope)
        if found is None and self._prefixes:
            found, values = self._find_prefix(path, scope)
        if found is None:
            route = route or next((each for each in self._prefixes if each.pattern.match(path)), None)
            if route is None and scope["method"] in ("GET", "HEAD") and path in self._pages:
                return self._pages[path]
            return partial(self._reject, raw_path, route)
        app, names = found
        scope["path_params"] = {
            name: value.replace(_SLASH, "/") for name, value in zip(names, values, strict=True)
        }
        return app

    async def _reject(
        self,
        path: str,
        route: Route | None,
        scope: Scope,
        _: Receive,
        send: Send,
    ) -> None:
        """Respond to a request that no endpoint matches; unauthenticated clients cannot discover paths this way.

        Args:
            path: The path of the request, not decoded.
            route: The route that matches the path for other requests; None for none.
            scope: The ASGI scope of the request.
            send: The ASGI send callable.

        Raises:
            Problem: The path, query or method is unknown, or the request is not authenticated.
        """
        await self._admit(scope)
        method = scope["method"]
        if (method, path) == ("OPTIONS", "*"):  # applies to the server as a whole (RFC 9110, section 9.3.7)
            await respond(scope, send, 204, b"", headers=(("allow", self._allow),))
            return
        if route is None:
            raise Problem(404, "unknown-path", f"No endpoint matches {path}")
        allow = ", ".join(route.allowed())
        if method == "OPTIONS":
            await respond(scope, send, 204, b"", headers=(("allow", allow),))
            return
        if selectors := route.selectors_of(method):
            raise Problem(404, "unknown-query", f"{method} {path} is available only with {selectors}")
        detail = f"{path} does not support {method}; supported methods: {allow}"
        raise Problem(405, "method-not-allowed", detail, headers=(("allow", allow),))

    async def _admit(self, scope: Scope) -> None:
        """Return if an adapter authenticates the request, or if no authentication is required.

        Raises:
            Problem: No adapter does; contains the challenge of the first adapter.
            MissingBinding: The credentials of the first adapter are not set.
        """
        rejection: Problem | InvocationError | None = None
        for admit in self._admission_checks:
            try:
                await admit(scope)
            except (Problem, InvocationError) as error:
                rejection = rejection or error
            else:
                return
        if rejection is not None:
            raise rejection

    def _find(self, path: str) -> tuple[Route | None, tuple[str, ...]]:
        route = self._fixed.get(path)
        if route is not None:
            return route, ()
        return next(self._with_variables(path), (None, ()))

    def _with_variables(self, path: str) -> Iterator[tuple[Route, tuple[str, ...]]]:
        """Yield the routes with variables that match a path, the most specific one first."""
        by_prefix, end = self._variable.get(path.count("/")), len(path)
        # A route with a longer literal prefix is more specific.
        while by_prefix is not None and (end := path.rfind("/", 0, end)) >= 0:
            for candidate in by_prefix.get(path[:end], ()):
                found = candidate.pattern.fullmatch(path, end)
                if found:
                    yield candidate, found.groups()

    def _find_unselective(self, path: str, scope: Scope) -> tuple[Answer | None, tuple[str, ...]]:
        """Find an endpoint among the less specific routes, where the selectors of the most specific one do not match."""
        for candidate, values in self._with_variables(path):
            if found := candidate.answer(scope):
                return found, values
        return None, ()

    def _find_prefix(self, path: str, scope: Scope) -> tuple[Answer | None, tuple[str, ...]]:
        """Find the endpoint of the longest prefix path that matches."""
        for candidate in self._prefixes:
            match = candidate.pattern.match(path)
            found = candidate.answer(scope) if match else None
            if match and found:
                return found, match.groups(default="")
        return None, ()

    def _add_direct(self, shape: str, route: Route) -> None:
        """Add a route without variables to the direct lookup by method and raw path."""
        if shape.isascii() and "%" not in shape:
            for method in {*_COMMON, *route.methods}:
                if method is not None and (found := route.plain_answer(method)):
                    self._direct[method, shape.encode()] = found[0]

    def _add_aliases(self, adapters: Sequence[Adapter], routes: dict[str, Route]) -> None:
        """Add the alias paths that exactly one adapter declares and that no other endpoint uses."""
        aliases: dict[str, list[tuple[Endpoint, Adapter]]] = {}
        for adapter in adapters:
            for endpoint in adapter.endpoints:
                if endpoint.is_alias:
                    aliases.setdefault(endpoint.shape, []).append((endpoint, adapter))
        for shape, declared in aliases.items():
            if len(declared) == 1 and (shape not in routes or routes[shape].is_only_selective):
                endpoint, adapter = declared[0]
                _add(endpoint, routes)
                if not endpoint.path.variables:
                    self._paths.setdefault(id(adapter), [adapter.path]).append(endpoint.path.text)


def _add(endpoint: Endpoint, routes: dict[str, Route]) -> None:
    shape = endpoint.shape
    route = routes[shape] = routes.get(shape) or Route(_pattern(endpoint, shape), _weight(shape))
    route.add(endpoint)


def _decode_path(path: str) -> str:
    """Return the decoded path without trailing slash; encoded slashes are replaced with ``_SLASH``.

    Raises:
        UnicodeDecodeError: The path is not UTF-8.
    """
    if "%" in path:
        path = "/".join(unquote(segment, errors="strict").replace("/", _SLASH) for segment in path.split("/"))
    return path.rstrip("/") or "/"


def _literal_prefix(shape: str) -> str:
    """Return the segments before the first one with a variable."""
    return shape[: shape.index(ANY_VALUE)].rpartition("/")[0]


def _pattern(endpoint: Endpoint, shape: str) -> re.Pattern[str]:
    if endpoint.is_prefix:
        return re.compile(endpoint.path.pattern().pattern.removesuffix("/([^/]+)") + "(?:/(.*))?$")
    prefix = _literal_prefix(shape) if ANY_VALUE in shape else shape
    return parse_path(endpoint.path.text[len(prefix) :].rstrip("/")).pattern()


def _weight(shape: str) -> tuple[tuple[bool, int], ...]:
    """Return the sort key of a route: for each segment, literal before mixed before a bare variable."""
    return tuple((ANY_VALUE in segment, -len(segment.replace(ANY_VALUE, ""))) for segment in shape.split("/"))
