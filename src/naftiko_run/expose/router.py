"""One port's endpoints, compiled into a table; an ASGI app that finds who answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
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
"""Stands for an encoded slash inside a segment while paths are matched; no UTF-8 text holds it."""

_COMMON = ("GET", "HEAD", "POST")
"""Methods that are asked for where an endpoint answers all."""


class Router:
    """Routes the requests of one port.

    Literal segments win over variables; a trailing slash makes no difference. Of endpoints that answer the same
    requests, the first does: see ``without_clashes``.

    Args:
        adapters: Everything mounted on the port.
        guard: Knows the host names that the port answers for.
    """

    def __init__(self, adapters: Sequence[Adapter], guard: HostGuard) -> None:
        self._guard = guard
        self._direct: dict[tuple[str, bytes], ASGIApp] = {}
        self._fixed: dict[str, Route] = {}
        self._variable: dict[int, dict[str, tuple[Route, ...]]] = {}
        self._prefixes: list[Route] = []
        self._paths: dict[int, list[str]] = {}
        doors = [each for each in adapters if each.admit is not None]
        # What no endpoint answers is a REST adapter's, which has no path of its own, or everybody's.
        owners = [each for each in doors if not each.path] or (doors if len(doors) == len(adapters) else [])
        self._doors = tuple(each.admit for each in owners if each.admit is not None)
        routes: dict[str, Route] = {}
        for adapter in adapters:
            for endpoint in adapter.endpoints:
                if not endpoint.is_alias:
                    _add(endpoint, routes)
        self._add_aliases(adapters, routes)
        self._allow = ", ".join(sorted({method for route in routes.values() for method in route.allowed()}))
        """The methods that are answered somewhere on the port."""
        for shape, route in routes.items():
            if shape.endswith(BELOW):
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
        # The longest path says the most of a request; of equally long ones, literals say more than variables.
        self._prefixes.sort(key=lambda route: (-len(route.weight), route.weight))

    def path_of(self, adapter: Adapter) -> str:
        """Return the shortest path at which an adapter is found; its own where it has no second one."""
        return min(self._paths.get(id(adapter), [adapter.path]), key=lambda path: (path == "/", len(path)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        try:
            self._guard.check(scope)
            app = self._route(scope)
            await app(scope, receive, send)
        except Problem as problem:
            await problem.send(scope, send)
        except asyncio.CancelledError:
            with suppress(Exception):  # the response has begun
                await Problem(503, "stopping", "The server stopped before the call was answered").send(
                    scope, send
                )
            raise
        except ResponseAborted:
            raise
        except Exception as fault:  # noqa: BLE001 - the last door: nothing internal leaves it
            await problem_of(fault).send(scope, send)
        finally:
            stop_receiving(scope)

    def _route(self, scope: Scope) -> ASGIApp:
        """Return what answers a request, with its path's variables put into the scope.

        Raises:
            Problem: The path cannot be read.
        """
        direct = self._direct.get((scope["method"], scope.get("raw_path", b"")))
        if direct is not None and not scope.get("root_path"):
            scope["path_params"] = {}
            return direct
        written = raw_path_of(scope)
        try:
            path = _readable(written)
        except UnicodeDecodeError:
            raise Problem(400, "not-utf8", "The path is not percent-encoded UTF-8") from None
        route, values = self._find(path)
        found = route.answer(scope) if route else None
        if found is None and route is not None and route.is_selective:
            found, values = self._find_unselective(path, scope)
        if found is None and self._prefixes:
            found, values = self._find_above(path, scope)
        if found is None:
            route = route or next((each for each in self._prefixes if each.pattern.match(path)), None)
            return partial(self._refuse, written, route)
        app, names = found
        scope["path_params"] = {
            name: value.replace(_SLASH, "/") for name, value in zip(names, values, strict=True)
        }
        return app

    async def _refuse(
        self,
        path: str,
        route: Route | None,
        scope: Scope,
        _: Receive,
        send: Send,
    ) -> None:
        """Answer a request that no endpoint answers; strangers do not learn which paths there are.

        Args:
            path: The request's, as the client wrote it.
            route: What answers other requests of that path; None where nothing does.
            scope: The request.
            send: Its ASGI channel.

        Raises:
            Problem: There is no such path, query or method, or the request may not pass.
        """
        await self._admit(scope)
        method = scope["method"]
        if (method, path) == ("OPTIONS", "*"):  # which asks about the server (RFC 9110, 9.3.7)
            await respond(scope, send, 204, b"", headers=(("allow", self._allow),))
            return
        if route is None:
            raise Problem(404, "unknown-path", f"Nothing answers at {path}")
        allow = ", ".join(route.allowed())
        if method == "OPTIONS":
            await respond(scope, send, 204, b"", headers=(("allow", allow),))
            return
        if told := route.selectors_of(method):
            raise Problem(404, "unknown-query", f"{method} {path} is answered only with {told}")
        detail = f"{method} is not answered at {path}; {allow} are"
        raise Problem(405, "method-not-allowed", detail, headers=(("allow", allow),))

    async def _admit(self, scope: Scope) -> None:
        """Return for a request that an adapter of the port lets pass, or where nobody is asked.

        Raises:
            Problem: None does; the first adapter's challenge.
            MissingBinding: The credentials of the first are not set.
        """
        refused: Problem | InvocationError | None = None
        for admit in self._doors:
            try:
                await admit(scope)
            except (Problem, InvocationError) as fault:
                refused = refused or fault
            else:
                return
        if refused is not None:
            raise refused

    def _find(self, path: str) -> tuple[Route | None, tuple[str, ...]]:
        route = self._fixed.get(path)
        if route is not None:
            return route, ()
        return next(self._with_variables(path), (None, ()))

    def _with_variables(self, path: str) -> Iterator[tuple[Route, tuple[str, ...]]]:
        """Yield the routes with variables that match a path, the most literal one first."""
        begins, end = self._variable.get(path.count("/")), len(path)
        # The longer the beginning that is literal, the more a route says of the path: it comes first.
        while begins is not None and (end := path.rfind("/", 0, end)) >= 0:
            for candidate in begins.get(path[:end], ()):
                found = candidate.pattern.fullmatch(path, end)
                if found:
                    yield candidate, found.groups()

    def _find_unselective(self, path: str, scope: Scope) -> tuple[Answer | None, tuple[str, ...]]:
        """Find who answers where the most literal route only answers requests with another query."""
        for candidate, values in self._with_variables(path):
            if found := candidate.answer(scope):
                return found, values
        return None, ()

    def _find_above(self, path: str, scope: Scope) -> tuple[Answer | None, tuple[str, ...]]:
        """Find who answers all below a path that this one begins with; the longest comes first."""
        for candidate in self._prefixes:
            match = candidate.pattern.match(path)
            found = candidate.answer(scope) if match else None
            if match and found:
                return found, match.groups(default="")
        return None, ()

    def _add_direct(self, shape: str, route: Route) -> None:
        """Remember who answers a path that is written just as the document writes it."""
        if shape.isascii() and "%" not in shape:
            for method in {*_COMMON, *route.methods}:
                if method is not None and (found := route.plain_answer(method)):
                    self._direct[method, shape.encode()] = found[0]

    def _add_aliases(self, adapters: Sequence[Adapter], routes: dict[str, Route]) -> None:
        """Add second paths, where just one adapter asks for them and nothing else is there."""
        asked: dict[str, list[tuple[Endpoint, Adapter]]] = {}
        for adapter in adapters:
            for endpoint in adapter.endpoints:
                if endpoint.is_alias:
                    asked.setdefault(endpoint.shape, []).append((endpoint, adapter))
        for shape, wanted in asked.items():
            if len(wanted) == 1 and (shape not in routes or routes[shape].is_only_selective):
                endpoint, adapter = wanted[0]
                _add(endpoint, routes)
                if not endpoint.path.variables:
                    self._paths.setdefault(id(adapter), [adapter.path]).append(endpoint.path.text)


def _add(endpoint: Endpoint, routes: dict[str, Route]) -> None:
    shape = endpoint.shape
    route = routes[shape] = routes.get(shape) or Route(_pattern(endpoint, shape), _weight(shape))
    route.add(endpoint)


def _readable(path: str) -> str:
    """Return a path percent-decoded, without trailing slash; encoded slashes stay apart.

    Raises:
        UnicodeDecodeError: It is not UTF-8.
    """
    if "%" in path:
        path = "/".join(unquote(segment, errors="strict").replace("/", _SLASH) for segment in path.split("/"))
    return path.rstrip("/") or "/"


def _begin(shape: str) -> str:
    """Return the segments before the first that has a variable."""
    return shape[: shape.index(ANY_VALUE)].rpartition("/")[0]


def _pattern(endpoint: Endpoint, shape: str) -> re.Pattern[str]:
    if endpoint.is_prefix:
        return re.compile(endpoint.path.pattern().pattern.removesuffix("/([^/]+)") + "(?:/(.*))?$")
    begin = _begin(shape) if ANY_VALUE in shape else shape
    return parse_path(endpoint.path.text[len(begin) :].rstrip("/")).pattern()


def _weight(shape: str) -> tuple[tuple[bool, int], ...]:
    """Order routes: per segment, literal before mixed before a bare variable."""
    return tuple((ANY_VALUE in segment, -len(segment.replace(ANY_VALUE, ""))) for segment in shape.split("/"))
