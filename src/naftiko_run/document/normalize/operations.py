"""The consumed operations of a document, and which of several with the same name a function calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from naftiko_run.diagnostics import Report
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.expressions import Variable, normalize_name, parse_path, parse_route

READING = ("GET", "HEAD")
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class CandidateOperation:
    """A consumed operation that a ``call`` can refer to.

    Attributes:
        namespace: Its namespace.
        name: Its name, made unique where several operations have the same.
        spelled: Its name as written.
        method: Its method.
        path: Its path.
        resource: The name of its resource, or else the resource's path.
    """

    namespace: str
    name: str
    spelled: str = ""
    method: str = ""
    path: str = ""
    resource: str = ""

    @property
    def call(self) -> str:
        """The exact ``call`` of this operation."""
        return f"{self.namespace}.{self.name}"

    @property
    def title(self) -> str:
        """``METHOD /path``."""
        return f"{self.method} {self.path or '/'}"

    @property
    def variables(self) -> frozenset[str]:
        """The variables of its path, in a form independent of their spelling."""
        return frozenset(normalize_name(each) for each in parse_path(self.path).variables)


def operations_of(consumes: Sequence[dict[str, Any]]) -> Iterator[CandidateOperation]:
    """Yield the operations of canonical ``consumes`` entries."""
    for entry in consumes:
        for resource in entry["resources"]:
            for operation in resource["operations"]:
                yield CandidateOperation(
                    entry["namespace"],
                    operation["name"],
                    operation.get("spelled") or operation["name"],
                    operation["method"],
                    resource["path"],
                    operation.get("resource", ""),
                )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a function reveals about the operation that it calls, beside the name.

    Attributes:
        route: The path of a REST operation; None for anything else.
        methods: The possible methods of the operation; empty where unknown.
        names: The names of the arguments; None where there are none.
    """

    route: str | None = None
    methods: tuple[str, ...] = ()
    names: frozenset[str] | None = None

    @classmethod
    def of(cls, function: Reader, method: str = "", route: str | None = None) -> Evidence:
        """Collect the evidence of a function.

        Args:
            function: A REST operation, a tool, or a step.
            method: The method of a REST operation.
            route: The path of a REST operation.
        """
        names: set[str] = set()
        given = function.data.get("with")
        if isinstance(given, dict):
            names |= {normalize_name(str(each)) for each in given}
        silent = replace(
            function, report=Report("")
        )  # wrong types are reported where the values are normalized
        names |= {normalize_name(each.text("name") or each.key) for each in silent.members("inputParameters")}
        if route is not None:
            names |= {normalize_name(each) for each in parse_path(parse_route(route).path).variables}
        return cls(route, _methods(silent, method), frozenset(names) if names or route is not None else None)


def decide(candidates: Sequence[CandidateOperation], evidence: Evidence) -> CandidateOperation | None:
    """Return the one of several operations that a function calls; None where neither method nor path decides."""
    found = list(candidates)
    by_method = [each for each in found if each.method in evidence.methods]
    if by_method:
        found = by_method
    if len(found) > 1 and evidence.route is not None:
        found = _by_route(found, evidence.route) or found
    if len(found) > 1 and evidence.names is not None:
        fitting = [each for each in found if each.variables <= evidence.names]
        most = max((len(each.variables) for each in fitting), default=0)
        found = [each for each in fitting if len(each.variables) == most] or found
    return found[0] if len(found) == 1 else None


def same_resource(written: str, operation: CandidateOperation) -> bool:
    """Whether the middle of ``namespace/resource/operation`` is the resource of an operation."""
    word = _NOT_A_WORD.sub("", written.casefold())
    return word in (
        _NOT_A_WORD.sub("", operation.resource.casefold()),
        _NOT_A_WORD.sub("", operation.path.casefold()),
    )


def _methods(function: Reader, method: str) -> tuple[str, ...]:
    """Return the possible methods of a function: that of its route, or those that its hints allow."""
    if method:
        return (method, "GET") if method == "HEAD" else (method,)
    hints = function.mapping("hints")
    if hints is None:
        return ()
    if hints.flag("readOnly"):
        return READING
    is_writing = hints.flag("readOnly") is False or hints.flag("destructive")
    return ("POST", "PUT", "PATCH", "DELETE") if is_writing else ()


def _by_route(found: Sequence[CandidateOperation], route: str) -> list[CandidateOperation]:
    """Return the operations whose path is the longest suffix of the route, or that the route is a suffix of."""
    wanted = _segments(route)
    ending = [(len(own), each) for each in found if (own := _segments(each.path)) and _ends(wanted, own)]
    ending = ending or [
        (len(wanted), each) for each in found if wanted and _ends(_segments(each.path), wanted)
    ]
    longest = max((length for length, _ in ending), default=0)
    return [each for length, each in ending if length == longest]


def _segments(path: str) -> list[str]:
    parts = parse_path(parse_route(path).path).parts
    shape = "".join("\0" if isinstance(part, Variable) else part for part in parts)
    return [each.casefold() for each in shape.split("/") if each]


def _ends(whole: Sequence[str], end: Sequence[str]) -> bool:
    return len(end) <= len(whole) and list(whole[len(whole) - len(end) :]) == list(end)
