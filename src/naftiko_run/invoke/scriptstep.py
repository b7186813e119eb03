"""Script steps: what a script sees of the flow that it stands in."""

from __future__ import annotations

from dataclasses import dataclass

from naftiko_run.expressions import MISSING, Expression, Scope
from naftiko_run.invoke.scripting import Script
from naftiko_run.invoke.step_output import MARK, StepOutput


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """A step that runs a script.

    Attributes:
        script: The script.
        with_: What the step adds to its context.
    """

    script: Script
    with_: Expression

    async def run(self, scope: Scope) -> StepOutput:
        """Run the script over the inputs, the outputs of the steps before it, and ``with``."""
        context = {name: value for name, value in scope.items() if not name.startswith(MARK)}
        context |= self.with_.evaluate(scope)
        return StepOutput(await self.script.run({k: v for k, v in context.items() if v is not MISSING}))
