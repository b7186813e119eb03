"""Resolve ``call``: find the consumed operation that a function calls."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from naftiko_run.document.normalize.operations import (
    CandidateOperation,
    Evidence,
    decide,
    operations_of,
    same_resource,
)
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.expressions import normalize_name

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
