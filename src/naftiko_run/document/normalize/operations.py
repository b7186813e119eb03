"""The operations that a document consumes, and which of several with one name a unit means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from naftiko_run.diagnostics import Report
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.expressions import Variable, parse_path, parse_route, same_name

READING = ("GET", "HEAD")
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Operation:
    """A consumed operation, as far as a ``call`` can mean it.

    Attributes:
        namespace: Its namespace.
        name: Its name; one of its own where the document gives several operations the same.
        spelled: Its name as the document writes it.
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
        """What a ``call`` of exactly this operation says."""
        return f"{self.namespace}.{self.name}"

    @property
    def title(self) -> str:
        """``METHOD /path``."""
        return f"{self.method} {self.path or '/'}"

    @property
    def variables(self) -> frozenset[str]:
        """The variables of its path, in the form in which spellings agree."""
        return frozenset(same_name(each) for each in parse_path(self.path).variables)


def operations_of(consumes: Sequence[dict[str, Any]]) -> Iterator[Operation]:
    """Yield the operations of canonical ``consumes`` entries."""
    for entry in consumes:
        for resource in entry["resources"]:
            for operation in resource["operations"]:
                yield Operation(
                    entry["namespace"],
                    operation["name"],
                    operation.get("spelled") or operation["name"],
                    operation["method"],
                    resource["path"],
                    operation.get("resource", ""),
                )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a unit says of the operation that it calls, besides its name.

    Attributes:
        route: The path of a REST operation; None for anything else.
        methods: The methods that the operation may have; none where nothing says.
        names: The arguments that the unit names; None where it names none.
    """

    route: str | None = None
    methods: tuple[str, ...] = ()
    names: frozenset[str] | None = None

    @classmethod
    def of(cls, unit: Reader, method: str = "", route: str | None = None) -> Evidence:
        """Gather what a unit says.

        Args:
            unit: A REST operation, a tool, or a step.
            method: The method of a REST operation.
            route: The path of a REST operation.
        """
        names: set[str] = set()
        given = unit.data.get("with")
        if isinstance(given, dict):
            names |= {same_name(str(each)) for each in given}
        silent = replace(unit, report=Report(""))  # what is wrong with a shape, its own reader reports
        names |= {same_name(each.text("name") or each.key) for each in silent.members("inputParameters")}
        if route is not None:
            names |= {same_name(each) for each in parse_path(parse_route(route).path).variables}
        return cls(route, _methods(silent, method), frozenset(names) if names or route is not None else None)


def decide(candidates: Sequence[Operation], evidence: Evidence) -> Operation | None:
    """Return the one of several operations that a unit means; None where neither method nor path says which."""
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


def same_resource(written: str, operation: Operation) -> bool:
    """Whether the middle of ``namespace/resource/operation`` means the resource of an operation."""
    word = _NOT_A_WORD.sub("", written.casefold())
    return word in (
        _NOT_A_WORD.sub("", operation.resource.casefold()),
        _NOT_A_WORD.sub("", operation.path.casefold()),
    )


def _methods(unit: Reader, method: str) -> tuple[str, ...]:
    """Return the methods that a unit speaks of: its route's, or those that its hints allow."""
    if method:
        return (method, "GET") if method == "HEAD" else (method,)
    hints = unit.mapping("hints")
    if hints is None:
        return ()
    if hints.flag("readOnly"):
        return READING
    is_writing = hints.flag("readOnly") is False or hints.flag("destructive")
    return ("POST", "PUT", "PATCH", "DELETE") if is_writing else ()


def _by_route(found: Sequence[Operation], route: str) -> list[Operation]:
    """Return the operations with whose path a route ends, those with the longest such path; or the other way round."""
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
