"""Outputs of steps, and expressions that read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from naftiko_run.document.model import ConsumedOutput
from naftiko_run.expressions import (
    MISSING,
    Accessor,
    Expression,
    Scope,
    compile_path,
    is_root,
    split_first_name,
)
from naftiko_run.invoke.outputs import convert

STEP_PREFIX = "$."
"""Prefix of step names in the scope, so that they never clash with inputs."""


@dataclass(frozen=True, slots=True)
class StepOutput:
    """The output of a step.

    Attributes:
        value: The output; ``MISSING`` if there is none.
        whole: The value in which a path is tried if it has no match in the output: the
            whole response, or the first of several entries found.
    """

    value: Any
    whole: Any = MISSING


def split_step_path(path: str, steps: Mapping[str, Any] | Sequence[str]) -> tuple[str, str] | None:
    """Split ``$.step.path`` into the step and the path in its output; None if it does not begin with a step."""
    begin = split_first_name(path) if steps else None
    if begin is None or begin[0] not in steps:
        return None
    return begin


def read_step(step: str, path: str) -> Expression:
    """Return the expression that reads a path in a step's output.

    Raises:
        ValueError: The path is not a JSONPath.
    """
    name = STEP_PREFIX + step
    if is_root(path):
        return Expression(lambda scope: scope[name].value if name in scope else MISSING, (name,))
    access = compile_path(path)

    def evaluate(scope: Scope) -> Any:
        output = scope.get(name)
        if output is None or output.value is MISSING:
            return MISSING
        value = access(output.value)
        return access(output.whole) if value is MISSING and output.whole is not MISSING else value

    return Expression(evaluate, (name,))


@dataclass(frozen=True, slots=True)
class Projection:
    """The parts of a response that its operation's ``outputParameters`` select.

    Attributes:
        named: Parts by name; if there are none, and no ``unnamed``, the response is the output.
        unnamed: The one part without a name.
    """

    named: tuple[tuple[str, Accessor], ...] = ()
    unnamed: Accessor | None = None

    @classmethod
    def of(cls, outputs: Sequence[ConsumedOutput]) -> Projection:
        """Compile a consumed operation's output parameters.

        Raises:
            ValueError: A path is not a JSONPath.
        """
        parts = [(each.name, _part(each)) for each in outputs if not is_root(each.value)]
        named = tuple((name, access) for name, access in parts if name)
        others = [access for name, access in parts if not name]
        return cls(named, others[0] if others and not named else None)

    def output_of(self, decoded: Any) -> StepOutput:
        """Return the output of a step for a decoded response.

        The output of an object is its named parts; to each element of a list, its named parts are added.
        """
        if self.unnamed is not None:
            return StepOutput(self.unnamed(decoded), decoded)
        if not self.named:
            return StepOutput(decoded)
        if isinstance(decoded, list):
            return StepOutput(
                [{**each, **self._parts(each)} if isinstance(each, dict) else each for each in decoded]
            )
        return StepOutput(self._parts(decoded), decoded)

    def _parts(self, value: Any) -> dict[str, Any]:
        return {name: found for name, access in self.named if (found := access(value)) is not MISSING}


def _part(output: ConsumedOutput) -> Accessor:
    """Return how to read a part in its declared type: numbers that XML and CSV write as text are converted."""
    access, kind = compile_path(output.value), output.type
    if kind not in ("number", "integer", "boolean", "string"):
        return access

    def typed(decoded: Any) -> Any:
        value = access(decoded)
        return value if value is MISSING else convert(kind, value)

    return typed
