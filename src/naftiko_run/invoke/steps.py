"""Orchestration: steps run in the order of their dependencies; independent steps run concurrently.

A lookup step finds the entries of an earlier step's output whose field equals a
value, or one of a list of values. Values of the same type are compared first. If
none is equal, the values are compared as text: formats without types write the
number 1 as ``"1"``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar, Protocol

from naftiko_run._json_incremental import is_large
from naftiko_run.consume import CallerBody, run_in_decode_pool
from naftiko_run.errors import InvalidInput, InvocationError, ScriptFailed, StepFailed
from naftiko_run.expressions import MISSING, Expression, Scope, equality_key, is_same
from naftiko_run.invoke.call import Call
from naftiko_run.invoke.outcome import Outcome
from naftiko_run.invoke.outputs import OutputPlan
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


ProgressCallback = Callable[[int, int, str], Awaitable[None]]
"""Receives the number of finished steps, the number of all steps, and the step that has just finished; empty at first."""

_callback: ContextVar[ProgressCallback | None] = ContextVar("watch", default=None)


@contextmanager
def report_progress(watch: ProgressCallback) -> Iterator[None]:
    """Report the progress of invocations in this context to a callback."""
    token = _callback.set(watch)
    try:
        yield
    finally:
        _callback.reset(token)


class Progress:
    """The progress of one flow.

    Args:
        total: The number of its steps.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._callback = _callback.get()

    async def begin(self) -> None:
        """Report that the flow begins."""
        if self._callback is not None:
            await self._callback(0, self._total, "")

    async def advance(self, step: str) -> None:
        """Report that a step has finished."""
        self._done += 1
        if self._callback is not None:
            await self._callback(self._done, self._total, step)


_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LookupRunner:
    """Runs a lookup step.

    Attributes:
        index: Evaluates to the entries to search.
        match: The name of the field to compare.
        wanted: Evaluates to the value, or the list of values, to find.
        fields: The fields of an entry to return; empty for all.
    """

    kind: ClassVar[str] = "lookup"

    index: Expression
    match: str
    wanted: Expression
    fields: tuple[str, ...]

    async def run(self, scope: Scope) -> StepOutput:
        """Run the lookup.

        Returns:
            For a list of values, the entries found, in the order of the values; for
            one value, its entry, or a list if there are several. If nothing is
            found, an empty list or ``MISSING``.
        """
        wanted = self.wanted.evaluate(scope)
        if wanted is MISSING or wanted is None:
            return StepOutput(MISSING)
        entries = self.index.evaluate(scope)
        rows = [row for row in (entries if isinstance(entries, list) else [entries]) if isinstance(row, dict)]
        if isinstance(wanted, list):
            return StepOutput([self._select(row) for row in self._search_all(rows, wanted)])
        matches = [self._select(row) for row in self._search(rows, wanted)]
        if not matches:
            return StepOutput(MISSING)
        return StepOutput(matches if len(matches) > 1 else matches[0], matches[0])

    def _search(self, rows: Sequence[_Row], wanted: Any) -> list[_Row]:
        # JSON-equal values are equal in Python too, which rules out most rows faster.
        alike = [row for row in rows if row.get(self.match, MISSING) == wanted]
        found = [row for row in alike if is_same(row[self.match], wanted)]
        text = None if found else _text(wanted)
        return found if text is None else [row for row in rows if _text(row.get(self.match)) == text]

    def _search_all(self, rows: Sequence[_Row], wanted: list[Any]) -> list[_Row]:
        """Find each of several values, with indexes that are built once."""
        by_value: dict[Any, list[_Row]] = {}
        by_text: dict[str, list[_Row]] = {}
        for row in rows:
            if self.match in row:
                value = row[self.match]
                by_value.setdefault(value if type(value) in _PLAIN else equality_key(value), []).append(row)
        found: list[_Row] = []
        for value in wanted:
            matches = by_value.get(equality_key(value))
            if matches is None and (text := _text(value)) is not None:
                by_text = by_text or self._by_text(rows)
                matches = by_text.get(text)
            found += matches or ()
        return found

    def _by_text(self, rows: Sequence[_Row]) -> dict[str, list[_Row]]:
        by_text: dict[str, list[_Row]] = {}
        for row in rows:
            text = _text(row.get(self.match))
            if text is not None:
                by_text.setdefault(text, []).append(row)
        return by_text

    def _select(self, row: dict[str, Any]) -> dict[str, Any]:
        return {name: row.get(name) for name in self.fields} if self.fields else row


_PLAIN = frozenset({str, int, float, type(None)})
"""The types of values that are their own equality key."""


def _text(value: Any) -> str | None:
    """Return a scalar as CSV and XML write it; None for null, lists and objects."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else None
