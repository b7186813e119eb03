"""One port's endpoints, compiled into a table; an ASGI app that finds who answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from naftiko_run.errors import RouteClash
from naftiko_run.expose.body import HEADERS
from naftiko_run.expose.exposer import Adapter, ASGIApp, Endpoint, Receive, Scope, Send
from naftiko_run.expose.guard import HostGuard
from naftiko_run.expose.problems import Problem, problem_of, respond
from naftiko_run.expressions import ANY_VALUE, parse_path

_SLASH = "\ud800"
"""Stands for an encoded slash inside a segment while paths are matched; no UTF-8 text holds it."""

_COMMON = ("GET", "HEAD", "POST")
"""Methods that are asked for where an endpoint answers all."""

_BELOW = "/**"
"""Ends the shape of a path below which everything is answered."""


@dataclass(slots=True)
class _Route:
    """A path's shape, and its endpoints by method.

    Attributes:
        pattern: Matches what follows the segments before the first variable, so that the many routes that differ
            only in these share one; of a path below which everything is answered, the whole.
    """

    pattern: re.Pattern[str]
    weight: tuple[tuple[bool, int], ...]
    apps: dict[str | None, tuple[ASGIApp, tuple[str, ...]]] = field(default_factory=dict)

    def answers(self, method: str) -> tuple[ASGIApp, tuple[str, ...]] | None:
        """Give who answers a method, and the names of the path's variables."""
        return (
            self.apps.get(method)
            or self.apps.get(None)
            or (self.apps.get("GET") if method == "HEAD" else None)
        )

    def allowed(self) -> list[str]:
        methods = {method for method in self.apps if method}
        if "GET" in methods:
            methods.add("HEAD")
        return sorted(methods | {"OPTIONS"})


class Router:
    """Routes the requests of one port.

    Literal segments win over variables; a trailing slash makes no difference.

    Args:
        adapters: Everything mounted on the port.
        guard: Knows the host names that the port answers for.

    Raises:
        RouteClash: Two adapters ask for the same requests.
    """

    def __init__(self, adapters: Sequence[Adapter], guard: HostGuard) -> None:
        self._guard = guard
        self._direct: dict[tuple[str, bytes], ASGIApp] = {}
        self._fixed: dict[str, _Route] = {}
        self._variable: dict[int, dict[str, tuple[_Route, ...]]] = {}
        self._prefixes: list[_Route] = []
        self._paths: dict[int, list[str]] = {}
        owners: dict[tuple[str, str | None], Adapter] = {}
        routes: dict[str, _Route] = {}
        for adapter in adapters:
            for endpoint in adapter.endpoints:
                if not endpoint.is_alias:
                    self._add(endpoint, adapter, routes, owners)
        self._add_aliases(adapters, routes, owners)
        for shape, route in routes.items():
            if shape.endswith(_BELOW):
                self._prefixes.append(route)
            elif ANY_VALUE in shape:
                begins = self._variable.setdefault(shape.count("/"), {})
                begin = _begin(shape)
                begins[begin] = (*begins.get(begin, ()), route)
            else:
                self._fixed[shape] = route
                self._add_direct(shape, route)
        for begins in self._variable.values():
            for begin, group in begins.items():
                begins[begin] = tuple(sorted(group, key=lambda route: route.weight))
        self._prefixes.sort(key=lambda route: route.weight, reverse=True)

    def path_of(self, adapter: Adapter) -> str:
        """Give the shortest path at which an adapter is found; its own where it has no second one."""
        return min(self._paths.get(id(adapter), [adapter.path]), key=lambda path: (path == "/", len(path)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        try:
            scope[HEADERS] = dict(scope["headers"])
            self._guard.check(scope)
            app = self._route(scope)
            await app(scope, receive, send)
        except Problem as problem:
            await problem.send(send)
        except asyncio.CancelledError:
            # The drain's time is over. Where the answer had begun, nothing can be said any more.
            with suppress(RuntimeError):
                await Problem(503, "stopping", "The server stopped before the call was answered").send(send)
        except Exception as fault:  # noqa: BLE001 - the last door: nothing internal leaves it
            await problem_of(fault).send(send)

    def _route(self, scope: Scope) -> ASGIApp:
        """Give what answers a request, with its path's variables put into the scope.

        Raises:
            Problem: Nothing does.
        """
        direct = self._direct.get((scope["method"], scope.get("raw_path", b"")))
        if direct is not None:
            scope["path_params"] = {}
            return direct
        written = _written(scope)
        try:
            path = _readable(written)
        except UnicodeDecodeError:
            raise Problem(400, "not-utf8", "The path is not percent-encoded UTF-8") from None
        method = scope["method"]
        route, values = self._find(path)
        found = route.answers(method) if route else None
        if found is None and self._prefixes:
            found, values = self._find_above(path, method)
        if found is None:
            route = route or next((each for each in self._prefixes if each.pattern.match(path)), None)
            if route is None:
                raise Problem(404, "unknown-path", f"Nothing answers at {written}")
            return _refusal(method, written, route)
        app, names = found
        scope["path_params"] = {
            name: value.replace(_SLASH, "/") for name, value in zip(names, values, strict=True)
        }
        return app

    def _find(self, path: str) -> tuple[_Route | None, tuple[str, ...]]:
        route = self._fixed.get(path)
        if route is not None:
            return route, ()
        begins, end = self._variable.get(path.count("/")), len(path)
        # The longer the beginning that is literal, the more a route says of the path: it comes first.
        while begins is not None and (end := path.rfind("/", 0, end)) >= 0:
            for candidate in begins.get(path[:end], ()):
                found = candidate.pattern.fullmatch(path, end)
                if found:
                    return candidate, found.groups()
        return None, ()

    def _find_above(
        self, path: str, method: str
    ) -> tuple[tuple[ASGIApp, tuple[str, ...]] | None, tuple[str, ...]]:
        """Find who answers all below a path that this one begins with; the longest comes first."""
        for candidate in self._prefixes:
            match = candidate.pattern.match(path)
            found = candidate.answers(method) if match else None
            if match and found:
                return found, match.groups(default="")
        return None, ()

    def _add(
        self,
        endpoint: Endpoint,
        adapter: Adapter,
        routes: dict[str, _Route],
        owners: dict[tuple[str, str | None], Adapter],
    ) -> None:
        shape = _shape(endpoint)
        key = (shape, endpoint.method)
        if key in owners:
            raise RouteClash(
                f"{endpoint.method or 'any method'} {endpoint.path.text} is exposed by both "
                f"{_owner(owners[key])} and {_owner(adapter)}",
                hint="give one of the adapters another port: --port NAMESPACE=PORT",
            )
        owners[key] = adapter
        route = routes[shape] = routes.get(shape) or _Route(_pattern(endpoint, shape), _weight(shape))
        route.apps[endpoint.method] = (endpoint.app, _names(endpoint))

    def _add_direct(self, shape: str, route: _Route) -> None:
        """Remember who answers a path that is written just as the document writes it."""
        if shape.isascii() and "%" not in shape:
            for method in {*_COMMON, *route.apps}:
                if method is not None and (found := route.answers(method)):
                    self._direct[method, shape.encode()] = found[0]

    def _add_aliases(
        self,
        adapters: Sequence[Adapter],
        routes: dict[str, _Route],
        owners: dict[tuple[str, str | None], Adapter],
    ) -> None:
        """Add second paths, where just one adapter asks for them and nothing else is there."""
        asked: dict[str, list[tuple[Endpoint, Adapter]]] = {}
        for adapter in adapters:
            for endpoint in adapter.endpoints:
                if endpoint.is_alias:
                    asked.setdefault(_shape(endpoint), []).append((endpoint, adapter))
        for shape, wanted in asked.items():
            if len(wanted) == 1 and shape not in routes:
                endpoint, adapter = wanted[0]
                self._add(endpoint, adapter, routes, owners)
                if not endpoint.path.variables:
                    self._paths.setdefault(id(adapter), [adapter.path]).append(endpoint.path.text)


def _refusal(method: str, path: str, route: _Route) -> ASGIApp:
    """Give what answers a method that a path does not have: its methods."""
    allow = ", ".join(route.allowed())
    if method == "OPTIONS":

        async def tell(_: Scope, __: Receive, send: Send) -> None:
            await respond(send, 204, b"", headers=(("allow", allow),))

        return tell
    detail = f"{method} is not answered at {path}; {allow} are"
    raise Problem(405, "method-not-allowed", detail, headers=(("allow", allow),))


def _written(scope: Scope) -> str:
    """Give the request's path as the client wrote it."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return raw.decode("latin-1")


def _readable(path: str) -> str:
    """Give a path percent-decoded, without trailing slash; encoded slashes stay apart.

    Raises:
        UnicodeDecodeError: It is not UTF-8.
    """
    if "%" in path:
        path = "/".join(unquote(segment, errors="strict").replace("/", _SLASH) for segment in path.split("/"))
    return path.rstrip("/") or "/"


def _shape(endpoint: Endpoint) -> str:
    shape = endpoint.path.shape.rstrip("/") or "/"
    return shape.removesuffix(f"/{ANY_VALUE}") + _BELOW if endpoint.is_prefix else shape


def _begin(shape: str) -> str:
    """Give the segments before the first that has a variable."""
    return shape[: shape.index(ANY_VALUE)].rpartition("/")[0]


def _pattern(endpoint: Endpoint, shape: str) -> re.Pattern[str]:
    if endpoint.is_prefix:
        return re.compile(endpoint.path.pattern().pattern.removesuffix("/([^/]+)") + "(?:/(.*))?$")
    begin = _begin(shape) if ANY_VALUE in shape else shape
    return parse_path(endpoint.path.text[len(begin) :].rstrip("/")).pattern()


def _weight(shape: str) -> tuple[tuple[bool, int], ...]:
    """Order routes: per segment, literal before mixed before a bare variable."""
    return tuple((ANY_VALUE in segment, -len(segment.replace(ANY_VALUE, ""))) for segment in shape.split("/"))


def _names(endpoint: Endpoint) -> tuple[str, ...]:
    return tuple(part.name for part in endpoint.path.parts if not isinstance(part, str))


def _owner(adapter: Adapter) -> str:
    name = f"`{adapter.namespace or adapter.type}`"
    return f"{name} of {adapter.capability.file or adapter.capability.label}" if adapter.capability else name
