"""``call``: which consumed operation a unit means, exactly."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

from naftiko_run.document.dialects.reading import Reader
from naftiko_run.expressions import same_name


@dataclass(frozen=True, slots=True)
class Calls:
    """The operations that can be called.

    Attributes:
        operations: Namespace to the names of its operations.
        faults: Namespace that cannot be called, to why.
    """

    operations: dict[str, list[str]]
    faults: dict[str, str]

    @classmethod
    def of(cls, consumes: list[dict[str, Any]], faults: dict[str, str]) -> Calls:
        """Gather the operations of canonical ``consumes`` entries."""
        operations = {
            entry["namespace"]: [
                operation["name"] for resource in entry["resources"] for operation in resource["operations"]
            ]
            for entry in consumes
        }
        return cls(operations, faults)

    def find(self, unit: Reader) -> tuple[str, str]:
        """Give the ``namespace.operation`` that a unit calls, or why it can call none.

        Returns:
            The call and an empty reason, or an empty call and the reason.
        """
        written = unit.text("call")
        if not written:
            return "", _without_call(unit)
        namespace, name = self._split(written)
        if name in self.operations.get(namespace, ()):
            return f"{namespace}.{name}", ""
        if namespace in self.faults:
            return "", f"`{namespace}` cannot be called: {self.faults[namespace]}"
        near = self._differently_spelled(namespace, name) or self._in_sibling(namespace, name)
        if near:
            unit.report.warning(
                "inexact-call",
                f"`{written}` does not exist; `{near}` is called",
                (*unit.at, "call"),
                hint=f"write `call: {near}`",
            )
            return near, ""
        return "", self._reason(written, namespace, name)

    def namespace_fault(self, namespace: str) -> str:
        """Say why a namespace cannot be called; empty where it can."""
        if namespace in self.faults:
            return f"`{namespace}` cannot be called: {self.faults[namespace]}"
        if namespace in self.operations:
            return ""
        known = ", ".join(self.operations) or "nothing"
        return f"nothing is consumed under `{namespace}`; there is: {known}"

    def hint(self, unit: Reader) -> str:
        """Suggest what to write instead of a call that leads nowhere."""
        known = [f"{namespace}.{name}" for namespace, names in self.operations.items() for name in names]
        written = str(unit.data["call"])
        namespace, _ = self._split(written)
        if namespace in self.faults:
            return f"mend the entry `{namespace}` under `consumes`"
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

    def _differently_spelled(self, namespace: str, name: str) -> str:
        found = [
            f"{known}.{operation}"
            for known, operations in self.operations.items()
            if same_name(known) == same_name(namespace)
            for operation in operations
            if same_name(operation) == same_name(name)
        ]
        return found[0] if len(found) == 1 else ""

    def _in_sibling(self, namespace: str, name: str) -> str:
        """Find the operation in the one namespace whose name extends the wanted one.

        A namespace that merely shares a word is no evidence: a wrong operation is worse than none.
        """
        found = [known for known, operations in self.operations.items() if name in operations]
        if len(found) != 1 or not namespace:
            return ""
        is_sibling = found[0].startswith(namespace + "-") or found[0].endswith("-" + namespace)
        return f"{found[0]}.{name}" if is_sibling else ""

    def _reason(self, written: str, namespace: str, name: str) -> str:
        if namespace in self.operations:
            return f"it calls `{written}`, but `{namespace}` has no operation `{name}`"
        return f"it calls `{written}`, but nothing is consumed under `{namespace or written}`"


_FOREIGN = ("operation", "calls")


def says_nothing(unit: Reader) -> bool:
    """Whether a unit has none of the keys that say what it does: its author has not come that far."""
    return all(unit.data.get(key) is None for key in ("call", "steps", "ref", "forward", *_FOREIGN))


def _without_call(unit: Reader) -> str:
    if unit.data.get("call") is not None:
        return "its `call` names no operation"
    if unit.data.get("steps") is not None:
        return "its `steps` hold no step"
    for key in _FOREIGN:
        if key in unit.data:
            return f"it says `{key}` where the specification says `call`"
    return "it has no `call`, no `steps` and no `ref`, so there is nothing to run"
