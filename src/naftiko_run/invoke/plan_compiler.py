"""Compilation of a function's plan: one call, steps, or a mock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from naftiko_run.consume import CallerBody
from naftiko_run.diagnostics import Report
from naftiko_run.document.model import CallStep, FunctionModel, LookupStep, ScriptStep, Step
from naftiko_run.expressions import Expression, ReportingResolver, compile_value, names_of
from naftiko_run.invoke.call import Call, CallCompiler, CallPlan
from naftiko_run.invoke.function import Plan
from naftiko_run.invoke.inputs import InputUse
from naftiko_run.invoke.outcome import Outcome
from naftiko_run.invoke.outputs import OutputCompiler, OutputPlan, Shape, named_parts
from naftiko_run.invoke.references import References
from naftiko_run.invoke.safety import SAFE_METHODS
from naftiko_run.invoke.scripting import ScriptCompiler, ScriptRefused
from naftiko_run.invoke.step_output import STEP_PREFIX, Projection, read_step, split_step_path
from naftiko_run.invoke.steps import (
    CallRunner,
    LookupRunner,
    PlannedStep,
    Runner,
    ScriptRunner,
    StepsPlan,
    order_steps,
)
from naftiko_run.telemetry import DocumentWarning


@dataclass(frozen=True, slots=True)
class MockPlan:
    """The plan of a mock: a function without a call and without steps.

    Attributes:
        shape: Makes the result from the inputs; None if it is empty.
    """

    shape: Shape | None

    async def run(
        self,
        values: dict[str, Any],
        raw_body: CallerBody | None,  # noqa: ARG002 - required by Plan
        stream_threshold: int | None,  # noqa: ARG002 - required by Plan
        *,
        large: bool,  # noqa: ARG002 - required by Plan
    ) -> Outcome:
        """Return the result; see ``Function.invoke``."""
        return Outcome(204, b"") if self.shape is None else Outcome.of_value(self.shape({}, values))


@dataclass(slots=True)
class PlanCompiler:
    """Compiles the plan of a function.

    Attributes:
        model: The function in the document.
        call_compiler: Compiles its calls.
        references: Compiles its references.
        scripts: Compiles script steps.
        report: Collects warnings.
        max_binary_size: The limit of the adapter, in bytes; None for no limit.
        calls: The compiled calls.
        uses: How the values of inputs are used.
        refusal: Why every call fails; empty if calls can succeed.
        output_schema: JSON Schema of the result; None if nothing is declared.
    """

    model: FunctionModel
    call_compiler: CallCompiler
    references: References
    scripts: ScriptCompiler
    report: Report
    max_binary_size: int | None
    calls: list[Call] = field(default_factory=list, init=False)
    uses: list[InputUse] = field(default_factory=list, init=False)
    refusal: str = field(default="", init=False)
    output_schema: dict[str, Any] | None = field(default=None, init=False)

    def compile(self) -> Plan:
        """Compile the plan.

        Raises:
            ValueError: The function cannot work; the message says why.
        """
        if self.model.steps:
            return self._steps()
        if self.model.call:
            return self._call()
        return MockPlan(
            self._outputs(
                OutputCompiler(
                    self._value,
                    by_name=True,
                    owner=self.model.name,
                    place_of=self.report.place_of,
                    expects_matches=False,
                )
            ).apply
        )

    def _call(self) -> CallPlan:
        call = self._compile_call(self.model.call, self.model.with_, self.model)
        parts = named_parts(call.operation.model.output_parameters)
        compiler = OutputCompiler(
            self._value,
            parts,
            lone_elements=_has_lone_elements(call),
            owner=self.model.name,
            place_of=self.report.place_of,
        )
        outputs = self._bytes() if call.operation.returns_bytes else self._outputs(compiler)
        body = call.operation.plan.body
        passes_raw_body = (
            body is not None
            and bool(body.whole)
            and call.arguments[body.whole].whole == "body"
            and not any("body" in layer for layer in self.model.given)
        )
        media_type = self.model.output_media_type or call.operation.media_type
        return CallPlan(call, outputs, media_type, None, passes_raw_body)

    def _bytes(self) -> OutputPlan:
        """Return the plan of a binary response, in which there is nothing to map."""
        outputs = OutputCompiler(self._value).compile(self.model.output_parameters)
        if not outputs.is_identity:
            self.report.warning(
                "unmapped-bytes",
                f"`{self.model.call}` returns binary data, to which mappings do not apply; it is passed through unchanged",
                (*self.model.pointer, "outputParameters"),
                hint="remove `outputParameters`, or set another `outputRawFormat` for the operation",
            )
        return OutputPlan(None)

    def _steps(self) -> StepsPlan:
        runners: dict[str, Runner] = {}
        needs: dict[str, frozenset[str]] = {}
        changes: set[str] = set()
        for step in self.model.steps:
            first = len(self.uses)
            runners[step.name] = self._runner(step, changes)
            reads = names_of(use.expression for use in self.uses[first:])
            needs[step.name] = frozenset(
                name.removeprefix(STEP_PREFIX) for name in reads if name.startswith(STEP_PREFIX)
            )
        plan = order_steps(needs, frozenset(changes))
        mappings = [
            (
                tuple(each.target.split(".")),
                self._use(self.references.compile(each.value)),
                DocumentWarning(
                    self.report.place_of(each.pointer),
                    "the mapping of `{0}` of `{1}` matches nothing in {2}; it is omitted",
                    (each.target, self.model.name),
                ),
            )
            for each in self.model.mappings
        ]
        # A single output is the result of the last step; of several, each is the member with its name.
        is_by_name = bool(mappings) or len(self.model.output_parameters) > 1
        return StepsPlan(
            tuple(PlannedStep(name, runners[name], after) for name, after in plan),
            all(place in after for place, (_, after) in enumerate(plan[1:])),
            tuple(mappings),
            self.model.steps[-1].name,
            self._outputs(
                OutputCompiler(
                    self._value,
                    lone_elements=any(_has_lone_elements(call) for call in self.calls),
                    by_name=is_by_name,
                    owner=self.model.name,
                    place_of=self.report.place_of,
                )
            ),
        )

    def _runner(self, step: Step, changes: set[str]) -> Runner:
        match step:
            case CallStep():
                call = self._compile_call(step.call, step.with_, step)
                if call.operation.plan.method not in SAFE_METHODS:
                    changes.add(step.name)
                model, gives_bytes = call.operation.model, call.operation.returns_bytes
                projection = Projection() if gives_bytes else Projection.of(model.output_parameters)
                return CallRunner(step.name, call, projection)
            case LookupStep():
                index = split_step_path(step.index, self.references.steps)
                if index is None:
                    known = ", ".join(each.name for each in self.model.steps if each.name != step.name)
                    raise ValueError(
                        f"its step `{step.name}` searches in `{step.index}`, which is not a step; "
                        f"other steps: {known or 'none'}"
                    )
                entries = self._use(read_step(*index))
                wanted = self._use(self.references.compile(step.lookup_value))
                return LookupRunner(entries, step.match, wanted, step.output_parameters)
            case ScriptStep():
                return self._script(step)

    def _script(self, step: ScriptStep) -> ScriptRunner:
        """Compile a script step; it reads the outputs of all earlier steps, and therefore runs after them."""
        try:
            script = self.scripts.compile(step)
        except ScriptRefused as fault:
            raise ValueError(f"{fault} ({fault.hint})" if fault.hint else str(fault)) from None
        names = [each.name for each in self.model.steps]
        for earlier in names[: names.index(step.name)]:
            self._use(read_step(earlier, "$"))
        return ScriptRunner(script, self._use(self.references.compile(step.with_)))

    def _compile_call(self, name: str, with_: Mapping[str, Any], at: FunctionModel | CallStep) -> Call:
        call = self.call_compiler.compile(name, with_, at.pointer)
        if self.max_binary_size is not None:
            call = replace(call, max_binary_size=self.max_binary_size)
        self.calls.append(call)
        self.uses += call.uses()
        self.refusal = self.refusal or call.operation.refusal
        return call

    def _use(self, expression: Expression) -> Expression:
        self.uses.append(InputUse(expression))
        return expression

    def _value(self, written: Any) -> Expression:
        """Compile an output's own value: text is a template over the inputs; there are no other references."""
        warning = DocumentWarning(
            self.report.place_of((*self.model.pointer, "outputParameters")),
            "a template in the outputs of `{0}` has no value for {1}; the output is null",
            (self.model.name,),
        )
        return compile_value(written, ReportingResolver(self.references.resolve, warning.log))

    def _outputs(self, compiler: OutputCompiler) -> OutputPlan:
        outputs = compiler.compile(self.model.output_parameters)
        self.uses += [InputUse(value) for value in outputs.values]
        self.output_schema = outputs.schema
        if outputs.by_name:
            names = ", ".join(f"`{name}`" for name in outputs.by_name)
            self.report.warning(
                "output-without-mapping",
                f"`{self.model.name}` has outputs without a mapping: {names}; each is the member with its name, or null",
                (*self.model.pointer, "outputParameters"),
                hint="add a `mapping`, such as `$.name`",
            )
        return outputs


def _has_lone_elements(call: Call) -> bool:
    """Return whether the format writes a list with one element as that element."""
    return call.operation.model.output_raw_format == "xml"
