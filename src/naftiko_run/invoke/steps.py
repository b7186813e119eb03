"""Orchestration: steps run in the order of their dependencies; independent steps run concurrently."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar, Protocol

from naftiko_run._json_incremental import is_large
from naftiko_run.consume import CallerBody, run_in_decode_pool
from naftiko_run.errors import InvalidInput, InvocationError, ScriptFailed, StepFailed
from naftiko_run.expressions import MISSING, Expression, Scope
from naftiko_run.invoke.call import Call
from naftiko_run.invoke.outcome import Outcome
from naftiko_run.invoke.outputs import OutputPlan
from naftiko_run.invoke.progress import Progress
from naftiko_run.invoke.scripting import Script
from naftiko_run.invoke.step_output import STEP_PREFIX, Projection, StepOutput
from naftiko_run.telemetry import DocumentWarning, current_span, in_span


class Runner(Protocol):
    """Runs one kind of step.

    Attributes:
        kind: The ``type`` of such steps.
    """

    kind: ClassVar[str]

    def run(self, scope: Scope) -> Coroutine[Any, Any, StepOutput]:
        """Run the step.

        Raises:
            InvocationError: The step failed.
        """
        ...


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A compiled step.

    Attributes:
        name: Its name.
        runner: Runs it.
        after: The steps that must finish first, by their index in the plan.
    """

    name: str
    runner: Runner
    after: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CallRunner:
    """Runs a step that calls a consumed operation.

    Attributes:
        name: The name of the step.
        call: The call.
        projection: Selects the output from the response.
    """

    kind: ClassVar[str] = "call"

    name: str
    call: Call
    projection: Projection

    async def run(self, scope: Scope) -> StepOutput:
        """Call the operation; a response without content has no output."""
        try:
            response = await self.call.send(scope)
        except InvalidInput as fault:
            raise self._fault(fault) from None
        outcome = Outcome(response.status, response.body, response.header("content-type"), response.headers)
        if outcome.has_failed:
            await outcome.read_ahead()
            raise self._failure(
                outcome, response.header("retry-after"), self.call.operation.location(response)
            )
        if not response.body:
            return StepOutput(MISSING)
        return await self.call.operation.read(response, self.projection.output_of)

    def _failure(self, outcome: Outcome, retry_after: str, location: str) -> StepFailed:
        body = (outcome.text or None) if outcome.value is MISSING else outcome.value
        return StepFailed(
            self.name,
            self.call.operation.name,
            f"{self.call.operation.name} answered {_phrase(outcome.status)}",
            status=outcome.status,
            body=body,
            retry_after=retry_after,
            location=location,
        )

    def _fault(self, fault: InvalidInput) -> InvocationError:
        """Return the error for invalid arguments: the caller's, or that of a step whose output was used."""
        blamed = {violation.pointer.split("/")[1] for violation in fault.violations if violation.pointer}
        expressions = [each for name, each in self.call.arguments.items() if name in blamed or not blamed]
        if any(name.startswith(STEP_PREFIX) for each in expressions for name in each.names):
            return StepFailed(
                self.name, self.call.operation.name, f"its request could not be sent: {fault.message}"
            )
        return fault


@dataclass(frozen=True, slots=True)
class ScriptRunner:
    """Runs a script step.

    Attributes:
        script: The script.
        with_: The values that the step adds to the context of the script.
    """

    kind: ClassVar[str] = "script"

    script: Script
    with_: Expression

    async def run(self, scope: Scope) -> StepOutput:
        """Run the script with the inputs, the outputs of earlier steps, and ``with`` as its context."""
        context = {name: value for name, value in scope.items() if not name.startswith(STEP_PREFIX)}
        context |= self.with_.evaluate(scope)
        return StepOutput(await self.script.run({k: v for k, v in context.items() if v is not MISSING}))


@dataclass(frozen=True, slots=True)
class StepsPlan:
    """The plan of a function with steps.

    Attributes:
        steps: The steps in topological order.
        is_chain: Whether each step waits for the previous one.
        mappings: The path of each value in the result, outermost name first, its expression, and the warning if it
            has no value.
        last: The step whose output is the result if there are no mappings.
        outputs: Shapes the result.
    """

    steps: tuple[PlannedStep, ...]
    is_chain: bool
    mappings: tuple[tuple[tuple[str, ...], Expression, DocumentWarning], ...]
    last: str
    outputs: OutputPlan

    async def run(
        self,
        values: dict[str, Any],
        raw_body: CallerBody | None,  # noqa: ARG002 - required by Plan
        stream_threshold: int | None,  # noqa: ARG002 - required by Plan
        *,
        large: bool,  # noqa: ARG002 - required by Plan
    ) -> Outcome:
        """Run all steps and return the result; see ``Function.invoke``.

        Raises:
            StepFailed: The upstream of a step returned an error.
        """
        scope = values
        progress = Progress(len(self.steps))
        await progress.begin()
        if self.is_chain:
            for step in self.steps:
                await _run(step, scope, progress)
        else:
            await self._run_concurrently(scope, progress)
        received = self._gathered(scope) if self.mappings else scope[STEP_PREFIX + self.last].value
        if is_large(received):
            return await run_in_decode_pool(lambda: self._outcome(received, scope, in_steps=True))
        return self._outcome(received, scope)

    def _outcome(self, received: Any, scope: Scope, *, in_steps: bool = False) -> Outcome:
        """Shape what the steps returned; with ``in_steps``, a large value in a thread."""
        shape = self.outputs.apply
        result = received if shape is None else shape(None if received is MISSING else received, scope)
        if self.mappings and isinstance(result, dict):
            result = {**received, **result}  # keep mapped values that are not declared as outputs
        return Outcome(204, b"") if result is MISSING else Outcome.of_value(result, in_steps=in_steps)

    async def _run_concurrently(self, scope: dict[str, Any], progress: Progress) -> None:
        tasks: list[asyncio.Task[None]] = []

        async def run(step: PlannedStep) -> None:
            for place in step.after:
                await tasks[place]
            await _run(step, scope, progress)

        try:
            async with asyncio.TaskGroup() as group:
                tasks += [group.create_task(run(step)) for step in self.steps]
        except BaseExceptionGroup as faults:
            # The first failure cancelled the other steps; report only that one.
            raise faults.exceptions[0] from None

    def _gathered(self, scope: Scope) -> dict[str, Any]:
        gathered: dict[str, Any] = {}
        for names, expression, warning in self.mappings:
            value = expression.evaluate(scope)
            if value is MISSING:
                steps = len(self.steps)
                warning.log(f"the outputs of {steps} step{'' if steps == 1 else 's'}")
                continue
            target = gathered
            for name in names[:-1]:
                inner = target.get(name)
                if not isinstance(inner, dict):
                    inner = target[name] = {}
                target = inner
            target[names[-1]] = value
        return gathered


async def _run(step: PlannedStep, scope: dict[str, Any], progress: Progress) -> None:
    try:
        running = step.runner.run(scope)
        if current_span() is not None:
            running = in_span(f"step.{step.runner.kind}", running, {"naftiko.step": step.name})
        output = await running
    except StepFailed:
        raise
    except ScriptFailed as fault:
        fault.step = step.name
        raise
    except InvocationError as fault:
        fault.in_step(step.name)
        raise
    scope[STEP_PREFIX + step.name] = output
    if output.value is not MISSING:
        scope.setdefault(step.name, output.value)
    await progress.advance(step.name)


def order_steps(
    needs: Mapping[str, frozenset[str]], changes: frozenset[str]
) -> list[tuple[str, tuple[int, ...]]]:
    """Order steps by their dependencies.

    A step with an unsafe method waits for all steps before it, and all steps after it wait for it.

    Args:
        needs: For each step, in the author's order, the steps whose output it reads.
        changes: The steps that call an unsafe method.

    Returns:
        Each step, and the indexes in this list of the steps that it waits for.

    Raises:
        ValueError: The steps depend on each other in a cycle.
    """
    ordered: list[str] = []
    open_ = list(needs)
    while open_:
        ready = next((name for name in open_ if needs[name] <= {*ordered}), None)
        if ready is None:
            raise ValueError(f"its steps depend on each other in a cycle: {' → '.join(_cycle(needs, open_))}")
        open_.remove(ready)
        ordered.append(ready)
    places = {name: place for place, name in enumerate(ordered)}
    plan: list[tuple[str, tuple[int, ...]]] = []
    for name in ordered:
        before = ordered[: places[name]]
        waits = {*needs[name], *(before if name in changes else changes.intersection(before))}
        plan.append((name, tuple(sorted(places[each] for each in waits))))
    return plan


def _cycle(needs: Mapping[str, frozenset[str]], among: Sequence[str]) -> list[str]:
    walked = [among[0]]
    while True:
        following = next(name for name in among if name in needs[walked[-1]])
        if following in walked:
            return [*walked[walked.index(following) :], following]
        walked.append(following)


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
