"""What adapters offer to their callers: described for people and programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from naftiko_run.capability.capability import Capability
from naftiko_run.document.model import FunctionModel, Unavailable


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that an adapter offers to its callers: a route, tool, resource, prompt or skill.

    Attributes:
        name: ``METHOD /path``, a resource's URI, or the name of a tool, prompt or skill.
        kind: Such as ``resource``; empty for the ``feature_kind`` of its adapter's type.
        calls: The names of the consumed operations that it calls.
        tools: The names of the tools of a skill; None for anything else.
        content: What it serves where it calls nothing, such as ``files``.
        request: The method and URL of its only call, without anything that may be a credential.
        inputs: JSON Schema of its inputs.
        missing: The names of the variables without a value that it needs.
        reason: The reason why it is not served; empty where it is.
        refusal: The reason why every call of it fails; empty where calls can succeed.
    """

    name: str
    kind: str = ""
    calls: tuple[str, ...] = ()
    tools: tuple[str, ...] | None = None
    content: str = ""
    request: str = ""
    inputs: Mapping[str, Any] | None = None
    missing: tuple[str, ...] = ()
    reason: str = ""
    refusal: str = ""

    @property
    def title(self) -> str:
        """Its name, after its kind where that is not the usual one."""
        return f"{self.kind} {self.name}" if self.kind else self.name

    @property
    def target(self) -> str:
        """What it calls, as ``-> name, name``; else what it serves, in parentheses."""
        names = ", ".join(self.tools or self.calls)
        return f"-> {names}" if names else f"({self.content})" if self.content else ""


def describe_function(capability: Capability, model: FunctionModel, name: str, kind: str = "") -> Feature:
    """Describe a function of an adapter, or the reason why it is not served.

    Args:
        capability: The capability that it belongs to.
        model: The function in the document.
        name: Its name for callers.
        kind: See ``Feature``.
    """
    function = capability.functions.get(model.pointer)
    if function is None:
        return Feature(name, kind, reason=capability.unavailable[model.pointer])
    operations = function.operations
    request = f"{operations[0].plan.method} {operations[0].address}" if len(operations) == 1 else ""
    return Feature(
        name,
        kind,
        tuple(operation.name for operation in operations),
        content="" if operations else "script" if model.steps else "mock",
        request=request,
        inputs=function.input_schema,
        missing=tuple(variable.name for variable in function.missing),
        refusal=function.refusal,
    )


def describe_unavailable(unavailable: Iterable[Unavailable]) -> Iterator[Feature]:
    """Describe what could not be read of an adapter."""
    return (Feature(each.name, reason=each.reason) for each in unavailable)
