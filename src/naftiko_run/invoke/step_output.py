"""What a step gave, and how the expressions of later steps read it."""

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
"""Stands before a step's name in the scope, so that no input is mistaken for a step."""


@dataclass(frozen=True, slots=True)
class StepOutput:
    """What a step gave.

    Attributes:
        value: Its output; ``MISSING`` where it gave none.
        whole: Where a path that leads nowhere in the output is tried again: the
            response that the output is a piece of, or the first of several entries found.
    """

    value: Any
    whole: Any = MISSING


def split_step_path(path: str, steps: Mapping[str, Any] | Sequence[str]) -> tuple[str, str] | None:
    """Split ``$.step.path`` into the step and the path in its output; None where it names no step."""
    begin = split_first_name(path) if steps else None
    if begin is None or begin[0] not in steps:
        return None
    return begin


def read_step(step: str, path: str) -> Expression:
    """Give the expression that reads a path in a step's output.

    Raises:
        ValueError: It is not a JSONPath.
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
    """The pieces of a response that its operation's ``outputParameters`` name.

    Attributes:
        named: Pieces by name; where there are none, and no ``lone``, the response is the output.
        lone: The one piece without a name.
    """

    named: tuple[tuple[str, Accessor], ...] = ()
    lone: Accessor | None = None

    @classmethod
    def of(cls, outputs: Sequence[ConsumedOutput]) -> Projection:
        """Compile a consumed operation's output parameters.

        Raises:
            ValueError: One of them is not a JSONPath.
        """
        pieces = [(each.name, _piece(each)) for each in outputs if not is_root(each.value)]
        named = tuple((name, access) for name, access in pieces if name)
        unnamed = [access for name, access in pieces if not name]
        return cls(named, unnamed[0] if unnamed and not named else None)

    def output_of(self, decoded: Any) -> StepOutput:
        """Give the output of a step that received a response.

        An object gives the named pieces; each element of a list gets those that it has added.
        """
        if self.lone is not None:
            return StepOutput(self.lone(decoded), decoded)
        if not self.named:
            return StepOutput(decoded)
        if isinstance(decoded, list):
            return StepOutput(
                [{**each, **self._pieces(each)} if isinstance(each, dict) else each for each in decoded]
            )
        return StepOutput(self._pieces(decoded), decoded)

    def _pieces(self, value: Any) -> dict[str, Any]:
        return {name: found for name, access in self.named if (found := access(value)) is not MISSING}


def _piece(output: ConsumedOutput) -> Accessor:
    """Read a piece, in its declared type: what XML and CSV write as text is a number again."""
    access, kind = compile_path(output.value), output.type
    if kind not in ("number", "integer", "boolean", "string"):
        return access

    def typed(decoded: Any) -> Any:
        value = access(decoded)
        return value if value is MISSING else convert(kind, value)

    return typed
