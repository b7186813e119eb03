"""Resolve ``call``: find the consumed operation that a function calls, also among several with the same name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
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


_WORDS = re.compile(r"[-_.\s]+")


@dataclass(frozen=True, slots=True)
class CallResolver:
    """Resolves calls to consumed operations.

    Attributes:
        operations: The operations by namespace.
        faults: Why a namespace cannot be called, by namespace.
        adapters: The namespaces of the adapters, which some documents write in place of the consumed one.
    """

    operations: dict[str, list[CandidateOperation]]
    faults: dict[str, str]
    adapters: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, consumes: Sequence[dict[str, Any]], faults: dict[str, str], adapters: Iterable[str] = ()
    ) -> CallResolver:
        """Collect the operations of canonical ``consumes`` entries."""
        operations: dict[str, list[CandidateOperation]] = {entry["namespace"]: [] for entry in consumes}
        for each in operations_of(consumes):
            operations[each.namespace].append(each)
        return cls(operations, faults, frozenset(adapters) - operations.keys())

    def find(self, function: Reader, method: str = "", route: str | None = None) -> tuple[str, str]:
        """Return the ``namespace.operation`` that a function calls, or the reason why there is none.

        Args:
            function: The function.
            method: The method of a REST operation.
            route: The path of a REST operation; None for anything else.

        Returns:
            The call and an empty reason, or an empty call and the reason.
        """
        written = function.text("call").strip()
        if not written:
            return "", _without_call(function)
        namespace, name = self._split(written)
        found = self._exact(namespace, name)
        if not found and namespace in self.faults:
            return "", f"`{namespace}` cannot be called: {self.faults[namespace]}"
        is_exact = bool(found)
        found = found or self._near(written, namespace, name)
        if not found:
            return "", self._reason(written, namespace, name)
        chosen = found[0] if len(found) == 1 else decide(found, Evidence.of(function, method, route))
        if chosen is None:
            titles = ", ".join(f"`{each.title}`" for each in found)
            return "", f"it calls `{written}`, which may be any of {len(found)} operations: {titles}"
        if len(found) > 1:
            function.report.warning(
                "ambiguous-call",
                f"`{written}` is the name of {len(found)} operations; `{chosen.title}` is called, which "
                "matches the caller's own method or path",
                (*function.at, "call"),
                hint="give each operation a unique name",
            )
        elif not is_exact:
            function.report.warning(
                "inexact-call",
                f"`{written}` does not exist; `{chosen.call}` is called",
                (*function.at, "call"),
                hint=f"write `call: {chosen.call}`",
            )
        return chosen.call, ""

    def namespace_fault(self, namespace: str) -> str:
        """Return the reason why a namespace cannot be called; empty where it can."""
        if namespace in self.faults:
            return f"`{namespace}` cannot be called: {self.faults[namespace]}"
        if namespace in self.operations:
            return ""
        known = ", ".join(self.operations) or "nothing"
        return f"nothing is consumed under `{namespace}`; known: {known}"

    def hint(self, function: Reader) -> str:
        """Return a hint for a call that cannot be resolved."""
        known = [each.call for operations in self.operations.values() for each in operations]
        written = str(function.data["call"])
        namespace, name = self._split(written)
        if namespace in self.faults:
            return f"correct the entry `{namespace}` under `consumes`"
        if self._exact(namespace, name):
            return "give each operation a unique name"
        close = difflib.get_close_matches(written, known, n=1)
        if close:
            return f"did you mean `{close[0]}`?"
        if not known:
            return "add the operation under `consumes`"
        more = f", … ({len(known)} in all)" if len(known) > 6 else ""
        return f"these exist: {', '.join(known[:6])}{more}"

    def _split(self, written: str) -> tuple[str, str]:
        """Split at the longest namespace that exists, else at the first dot."""
        for namespace in sorted({*self.operations, *self.faults}, key=len, reverse=True):
            if written.startswith(namespace + "."):
                return namespace, written[len(namespace) + 1 :]
        namespace, _, name = written.partition(".")
        return namespace, name

    def _exact(self, namespace: str, name: str) -> list[CandidateOperation]:
        found = [each for each in self.operations.get(namespace, ()) if each.spelled == name]
        return found or [each for each in self.operations.get(namespace, ()) if each.name == name]

    def _near(self, written: str, namespace: str, name: str) -> list[CandidateOperation]:
        """Return the operations that a call in another spelling refers to, where just one name is possible.

        A call may be spelled differently, include the resource, and have a similar namespace, all at once. An
        ambiguous call is not resolved: a wrong operation is worse than none.
        """
        for first, middle, last in _readings(written, namespace, name):
            found = self._named(first, last)
            if found:
                if middle and self._of_resource(found[0].namespace, middle):
                    return [each for each in found if same_resource(middle, each)]
                return found
        if "." not in written and "/" not in written:
            return _one_name([each for each in self._all() if each.spelled == written])
        return []

    def _all(self) -> Iterable[CandidateOperation]:
        return (each for operations in self.operations.values() for each in operations)

    def _named(self, namespace: str, name: str) -> list[CandidateOperation]:
        return self._spelled(namespace, name) or self._in_sibling(namespace, name)

    def _of_resource(self, namespace: str, resource: str) -> list[CandidateOperation]:
        return [each for each in self.operations[namespace] if same_resource(resource, each)]

    def _spelled(self, namespace: str, name: str) -> list[CandidateOperation]:
        """Find a name by other spellings of it and of its namespace, exact ones first."""
        found = [
            each
            for each in self._all()
            if normalize_name(each.namespace) == normalize_name(namespace)
            and normalize_name(each.spelled) == normalize_name(name)
        ]
        for wanted in (
            [each for each in found if each.namespace == namespace and each.spelled == name],
            [each for each in found if each.namespace == namespace],
            [each for each in found if each.spelled == name],
        ):
            if wanted:
                return _one_name(wanted)
        return _one_name(found)

    def _in_sibling(self, namespace: str, name: str) -> list[CandidateOperation]:
        """Find a name in the only namespace that has it, if that extends the requested one or an adapter has that name.

        Sharing a word is not enough.
        """
        found = [each for each in self._all() if normalize_name(each.spelled) == normalize_name(name)]
        spaces = {each.namespace for each in found}
        if len(spaces) != 1 or not namespace:
            return []
        wanted, has = _words(namespace), _words(*spaces)
        is_sibling = len(wanted) < len(has) and wanted in (has[: len(wanted)], has[-len(wanted) :])
        is_adapter = any(normalize_name(each) == normalize_name(namespace) for each in self.adapters)
        return _one_name(found) if is_sibling or is_adapter else []

    def _reason(self, written: str, namespace: str, name: str) -> str:
        for first, resource, last in _readings(written, namespace, name):
            found = self._named(first, last)
            if found:
                told = ", ".join(f"`{each.title}`" for each in found)
                return (
                    f"it calls `{written}`, but the resource `{resource}` of `{found[0].namespace}` has no operation "
                    f"`{last}`; another resource has it: {told}"
                )
        if namespace in self.operations:
            return f"it calls `{written}`, but `{namespace}` has no operation `{name}`"
        return f"it calls `{written}`, but nothing is consumed under `{namespace or written}`"


def _readings(written: str, namespace: str, name: str) -> list[tuple[str, str, str]]:
    """Return what a call can mean that is not exact: a namespace, a resource or nothing, and an operation."""
    readings = [(namespace, "", name)]
    parts = written.split("/")
    if len(parts) > 1:
        readings.append((parts[0], "/".join(parts[1:-1]), parts[-1]))
    resource, dot, last = name.rpartition(".")
    if dot:
        readings.append((namespace, resource, last))
    return readings


def _words(namespace: str) -> list[str]:
    return [each for each in _WORDS.split(namespace.casefold()) if each]


def _one_name(found: Sequence[CandidateOperation]) -> list[CandidateOperation]:
    """Return the operations if they share one name; none otherwise."""
    return list(found) if len({(each.namespace, each.spelled) for each in found}) == 1 else []


_FOREIGN = ("operation", "calls")


def says_nothing(function: Reader) -> bool:
    """Whether a function has none of the keys that define what it does: its author has not finished it."""
    return all(function.data.get(key) is None for key in ("call", "steps", "ref", "forward", *_FOREIGN))


def _without_call(function: Reader) -> str:
    if function.data.get("call") is not None:
        return "its `call` names no operation"
    if function.data.get("steps") is not None:
        return "its `steps` are empty"
    for key in _FOREIGN:
        if key in function.data:
            return f"it says `{key}` instead of `call`"
    return "it has no `call`, `steps` or `ref`, so there is nothing to run"
