"""One path shape of a port: which endpoint answers, by method, static query and header."""

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
"""An endpoint's app, and the names of its path's variables."""

_MAX_SHOWN: Final = 10


@dataclass(slots=True)
class Route:
    """A path's shape, and its endpoints.

    Attributes:
        pattern: Matches what follows the segments before the first variable, so that the many routes that differ
            only in these share one; of a path below which everything is answered, the whole.
        weight: Orders the routes that match one path.
    """

    pattern: re.Pattern[str]
    weight: tuple[tuple[bool, int], ...]
    _apps: dict[str | None, Answer] = field(default_factory=dict)
    _selective: dict[str | None, dict[frozenset[Selector], Answer]] = field(default_factory=dict)

    @property
    def methods(self) -> frozenset[str | None]:
        """The methods that are answered; None for all."""
        return frozenset((*self._apps, *self._selective))

    @property
    def is_selective(self) -> bool:
        """Whether some endpoints answer only requests with a static query or header."""
        return bool(self._selective)

    @property
    def is_only_selective(self) -> bool:
        """Whether all its endpoints do."""
        return not self._apps

    def add(self, endpoint: Endpoint) -> None:
        """Add an endpoint, unless one answers the same requests; those with the most selectors come first."""
        names = tuple(part.name for part in endpoint.path.parts if not isinstance(part, str))
        if not endpoint.selectors:
            self._apps.setdefault(endpoint.method, (endpoint.app, names))
            return
        found = self._selective.setdefault(endpoint.method, {})
        found.setdefault(frozenset(endpoint.selectors), (endpoint.app, names))
        self._selective[endpoint.method] = dict(sorted(found.items(), key=lambda each: -len(each[0])))

    def answer(self, scope: Scope) -> Answer | None:
        """Return the endpoint that answers a request; None where none does."""
        method = scope["method"]
        if not self._selective:
            return (
                self._apps.get(method)
                or self._apps.get(None)
                or (self._apps.get("GET") if method == "HEAD" else None)
            )
        for each in _read_as(method):
            found = self._select(each, scope) or self._apps.get(each)
            if found is not None:
                return found
        return None

    def plain_answer(self, method: str) -> Answer | None:
        """Return the endpoint that answers every request of a method, whatever its query."""
        if any(each in self._selective for each in _read_as(method)):
            return None
        return next((self._apps[each] for each in _read_as(method) if each in self._apps), None)

    def selectors_of(self, method: str) -> str:
        """Return what the requests of a method must have that are answered; empty where the method has none such."""
        told = [
            " and ".join(str(each) for each in sorted(selectors))
            for key in _read_as(method)
            for selectors in self._selective.get(key, ())
        ]
        more = f", … ({len(told)} in all)" if len(told) > _MAX_SHOWN else ""
        return " or with ".join(told[:_MAX_SHOWN]) + more

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
        pairs = set(parse_qsl(query, keep_blank_values=True, errors="replace")) if query else set()
        for selectors, answer in choices.items():
            if all(
                (each.name, each.value) in pairs
                if each.place == "query"
                else text_of(headers_by_name(scope).get(each.name.encode(), b"")) == each.value
                for each in selectors
            ):
                return answer
        return None


def _read_as(method: str) -> Iterator[str | None]:
    """Yield the methods under which a request may be answered, in their order."""
    yield method
    yield None
    if method == "HEAD":
        yield "GET"
