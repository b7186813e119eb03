"""Select the endpoint of one path shape by method, static query and header."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from naftiko_run.expose.body import headers_by_name, text_of
from naftiko_run.expose.exposer import ASGIApp, Endpoint, Scope
from naftiko_run.expressions import Selector

Answer = tuple[ASGIApp, tuple[str, ...]]
"""The app of an endpoint, and the names of its path variables."""

_MAX_SHOWN: Final = 10


@dataclass(slots=True)
class Route:
    """The endpoints of one path shape.

    Attributes:
        pattern: Matches the path from the segment of the first variable on, so that routes that differ only in the
            segments before it share a compiled pattern; for a prefix path, matches the whole path.
        weight: The sort key among the routes that match the same path.
    """

    pattern: re.Pattern[str]
    weight: tuple[tuple[bool, int], ...]
    _apps: dict[str | None, Answer] = field(default_factory=dict)
    _selective: dict[str | None, dict[frozenset[Selector], Answer]] = field(default_factory=dict)

    @property
    def methods(self) -> frozenset[str | None]:
        """The supported methods; None for all."""
        return frozenset((*self._apps, *self._selective))

    @property
    def is_selective(self) -> bool:
        """Whether some endpoints require a static query or header."""
        return bool(self._selective)

    @property
    def is_only_selective(self) -> bool:
        """Whether all endpoints require a static query or header."""
        return not self._apps

    def add(self, endpoint: Endpoint) -> None:
        """Add an endpoint, unless one matches the same requests; those with more selectors are tried first."""
        names = tuple(part.name for part in endpoint.path.parts if not isinstance(part, str))
        if not endpoint.selectors:
            self._apps.setdefault(endpoint.method, (endpoint.app, names))
            return
        found = self._selective.setdefault(endpoint.method, {})
        found.setdefault(frozenset(endpoint.selectors), (endpoint.app, names))
        self._selective[endpoint.method] = dict(sorted(found.items(), key=lambda each: -len(each[0])))

    def answer(self, scope: Scope) -> Answer | None:
        """Return the endpoint that matches a request; None where none does."""
        method = scope["method"]
        if not self._selective:
            return (
                self._apps.get(method)
                or self._apps.get(None)
                or (self._apps.get("GET") if method == "HEAD" else None)
            )
        for each in _lookup_methods(method):
            found = self._select(each, scope) or self._apps.get(each)
            if found is not None:
                return found
        return None

    def plain_answer(self, method: str) -> Answer | None:
        """Return the endpoint that matches every request of a method; None where selectors must be checked."""
        if any(each in self._selective for each in _lookup_methods(method)):
            return None
        return next((self._apps[each] for each in _lookup_methods(method) if each in self._apps), None)

    def selectors_of(self, method: str) -> str:
        """Return the selectors of a method as text; empty where it has none."""
        choices = [
            " and ".join(str(each) for each in sorted(selectors))
            for key in _lookup_methods(method)
            for selectors in self._selective.get(key, ())
        ]
        more = f", … ({len(choices)} in total)" if len(choices) > _MAX_SHOWN else ""
        return " or with ".join(choices[:_MAX_SHOWN]) + more

    def allowed(self) -> list[str]:
        """Return the methods for an ``Allow`` header."""
        methods = {method for method in self.methods if method}
        if "GET" in methods:
            methods.add("HEAD")
        return sorted(methods | {"OPTIONS"})

    def _select(self, method: str | None, scope: Scope) -> Answer | None:
        choices = self._selective.get(method)
        if not choices:
            return None
        query = scope.get("query_string", b"").decode("latin-1")
        given: dict[str, set[str]] = {}
        for name, value in parse_qsl(query, keep_blank_values=True, errors="replace") if query else ():
            given.setdefault(name, set()).add(value)
        for selectors, answer in choices.items():
            wanted: dict[str, set[str]] = {}
            for each in selectors:
                if each.place == "query":
                    wanted.setdefault(each.name, set()).add(each.value)
            # A name with further values is ambiguous: the upstream might use another value than the route.
            if all(given.get(name) == values for name, values in wanted.items()) and all(
                text_of(headers_by_name(scope).get(each.name.encode(), b"")) == each.value
                for each in selectors
                if each.place == "header"
            ):
                return answer
        return None


def _lookup_methods(method: str) -> Iterator[str | None]:
    """Yield the methods to look up for a request method, in order of precedence."""
    yield method
    yield None
    if method == "HEAD":
        yield "GET"
