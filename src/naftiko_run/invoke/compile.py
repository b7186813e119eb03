"""A unit of the document to a function that can be invoked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from naftiko_run.bindings import Bindings
from naftiko_run.consume import ConsumedOperations, NotCallable
from naftiko_run.diagnostics import Report
from naftiko_run.document.model import Callable as Unit
from naftiko_run.document.model import CallStep as CallStepModel
from naftiko_run.document.model import Forward as ForwardModel
from naftiko_run.document.model import LookupStep as LookupStepModel
from naftiko_run.document.model import Parameter
from naftiko_run.document.model import ScriptStep as ScriptStepModel
from naftiko_run.document.model import Step as StepModel
from naftiko_run.errors import BoundVariable
from naftiko_run.expressions import Expression, compile_value, names_of, variable
from naftiko_run.invoke.call import Call, CallPlan
from naftiko_run.invoke.connect import Connector
from naftiko_run.invoke.forward import Forward
from naftiko_run.invoke.function import Function, Plan
from naftiko_run.invoke.inputs import Input, Use, body_path, infer_inputs
from naftiko_run.invoke.lookup import Lookup
from naftiko_run.invoke.mock import MockPlan
from naftiko_run.invoke.outputs import OutputCompiler, OutputPlan, convert, named_pieces
from naftiko_run.invoke.references import References
from naftiko_run.invoke.safety import READING, require_safe
from naftiko_run.invoke.scripting import ScriptCompiler, ScriptRefused
from naftiko_run.invoke.scriptstep import ScriptStep
from naftiko_run.invoke.sharing import Shared
from naftiko_run.invoke.stepoutput import MARK, Projection, read_step, step_of
from naftiko_run.invoke.steps import CallStep, Runner, Step, StepsPlan, in_order


@dataclass(frozen=True, slots=True)
class FunctionCompiler:
    """Compiles the units of one document.

    Attributes:
        operations: The document's consumed operations.
        bindings: Values for ``with``.
        prefixes: What may stand before a caller's input in ``with``.
        scripts: Compiles script steps.
        report: Takes what will surprise at run time.
        is_read_only: Whether only what is known to be safe can be called.
        shared: What equal inputs are made of once.
    """

    operations: ConsumedOperations
    bindings: Bindings
    prefixes: frozenset[str]
    scripts: ScriptCompiler
    report: Report
    is_read_only: bool = False
    shared: Shared = field(default_factory=Shared, repr=False)

    def compile(
        self,
        unit: Unit,
        inherited: Sequence[Parameter] = (),
        route_variables: Sequence[str] | None = None,
        *,
        silence_is_required: bool = False,
        max_binary_size: int | None = None,
    ) -> Function:
        """Compile a unit.

        Args:
            unit: A REST operation, a tool, an aggregate's function, or anything else that does something.
            inherited: Input parameters of what it stands under; its own win.
            route_variables: Inputs that a route gives; None where there is no route.
            silence_is_required: See ``infer_inputs``.
            max_binary_size: Its adapter's, in bytes; None where it has none.

        Raises:
            NotCallable: It cannot work; the message says why.
            Withheld: It is not known to be safe, and only that is wanted.
        """
        own = {parameter.name for parameter in unit.input_parameters}
        parameters = [*(each for each in inherited if each.name not in own), *unit.input_parameters]
        try:
            compiler = _UnitCompiler(self, unit, parameters, route_variables, max_binary_size)
            function = compiler.compile(silence_is_required=silence_is_required)
        except ValueError as fault:
            raise NotCallable(str(fault)) from None
        if self.is_read_only:
            require_safe(unit, function.operations)
        return function

    def compile_forward(self, model: ForwardModel) -> Forward:
        """Compile a forward.

        Raises:
            NotCallable: It cannot work; the message says why.
        """
        target = self.operations.forwarding(model.target_namespace)
        return Forward(target, frozenset(model.trusted_headers), READING if self.is_read_only else ())


@dataclass(slots=True)
class _Parts:
    """What compiling a plan brings to light.

    Attributes:
        calls: The consumed operations that are called.
        uses: Where values go.
        refusal: Why every call fails; empty where calls can succeed.
        promised: JSON Schema of the answer; None where nothing is promised.
    """

    calls: list[Call] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    refusal: str = ""
    promised: dict[str, Any] | None = None


class _UnitCompiler:
    def __init__(
        self,
        house: FunctionCompiler,
        unit: Unit,
        parameters: Sequence[Parameter],
        route_variables: Sequence[str] | None,
        max_binary_size: int | None,
    ) -> None:
        self._house = house
        self._unit = unit
        self._max_binary_size = max_binary_size
        fixed = [each for each in parameters if _is_fixed(each)]
        self._declared = [each for each in parameters if each not in fixed]
        self._route_variables = route_variables
        offered = dict.fromkeys(
            [*(each.name for each in parameters), *(route_variables or ()), *chain(*unit.given)]
        )
        self._missing: dict[BoundVariable, None] = {}
        self._references = References(
            house.bindings,
            house.prefixes,
            [*offered],
            self._missing,
            [step.name for step in unit.steps],
        )
        self._fixed = {each.name: self._fixed_value(each) for each in fixed}
        self._connector = Connector(
            house.operations,
            self._references,
            [*offered],
            [] if unit.given or unit.steps else self._leftover(offered),
            bool(unit.steps and self._declared),
            house.report,
        )
        self._parts = _Parts()

    def compile(self, *, silence_is_required: bool) -> Function:
        given = self._given()
        plan = self._plan()
        uses = self._parts.uses
        for layer in filter(None, (*reversed(given), self._fixed)):
            uses = [Use(_through(use.expression, layer), use.parameter, use.is_path) for use in uses]
        inputs = infer_inputs(self._declared, uses, silence_is_required=silence_is_required)
        inputs = tuple(self._sound(each) for each in inputs)
        unit, calls = self._unit, self._parts.calls
        if isinstance(plan, CallPlan) and self._house.operations.implies_body(unit.call):
            body = calls[0].operation.plan.body
            if self._route_variables is not None and body is not None and body.whole:
                inputs = tuple(_of_any_type(each) if each.name == "body" else each for each in inputs)
            plan = replace(plan, known=frozenset(each.name for each in inputs))
        missing = {variable for call in calls for variable in call.operation.plan.missing}
        inputs, validator = self._house.shared.checked(inputs, unit.input_schema)
        return Function(
            name=unit.name,
            description=unit.description or (calls[0].operation.model.description if unit.call else ""),
            pointer=unit.pointer,
            inputs=inputs,
            operations=tuple({call.operation.name: call.operation for call in calls}.values()),
            refusal=self._parts.refusal,
            missing=tuple(sorted({*self._missing, *missing})),
            output_schema=self._parts.promised,
            _validator=validator,
            _fixed=tuple(self._fixed.items()),
            _given=tuple(tuple(layer.items()) for layer in given),
            _plan=plan,
        )

    def _sound(self, given: Input) -> Input:
        """Give an input without what makes no valid schema, and tell of it."""
        kept, taken_out = self._house.shared.sound(given)
        for keyword, fault in taken_out:
            self._house.report.warning(
                "unsound-schema",
                f"`{self._unit.name}` does without `{keyword}` of its input `{given.name}`: {fault}",
                self._unit.pointer,
                hint="write it as JSON Schema (2020-12) has it",
                alters_service=True,
            )
        return kept

    def _leftover(self, offered: Mapping[str, None]) -> list[str]:
        """Give the inputs that are arguments even where nothing refers to them; headers never are unasked."""
        elsewhere = {each.name for each in self._declared if each.in_ in ("header", "cookie")}
        return [name for name in offered if name not in elsewhere and name not in self._fixed]

    def _given(self) -> list[dict[str, Expression]]:
        """Give what a unit that refers to a function puts in for that function's inputs, and that in turn."""
        known = [each.name for each in self._declared]
        given = []
        for layer in self._unit.given:
            callers = replace(self._references, declared=[*known], steps=())
            given.append({name: callers.compile(value) for name, value in layer.items()})
            known += layer
        return given

    def _fixed_value(self, parameter: Parameter) -> Expression:
        """Give what an input's own ``value`` makes of the bindings and of the other inputs, in its own type."""
        value = compile_value(parameter.value, replace(self._references, steps=()).resolve)
        return Expression(lambda scope: convert(parameter.type, value.evaluate(scope)), value.names)

    def _plan(self) -> Plan:
        if self._unit.steps:
            return self._steps()
        if self._unit.call:
            return self._call()
        return MockPlan(self._outputs(OutputCompiler(self._value, by_name=True)).apply)

    def _call(self) -> CallPlan:
        call = self._connect(self._unit.call, self._unit.with_, self._unit)
        pieces = named_pieces(call.operation.model.output_parameters)
        compiler = OutputCompiler(self._value, pieces, lone_elements=_has_lone_elements(call))
        outputs = self._bytes() if call.operation.gives_bytes else self._outputs(compiler)
        body = call.operation.plan.body
        passes_raw_body = (
            body is not None
            and bool(body.whole)
            and call.arguments[body.whole].whole == "body"
            and not any("body" in layer for layer in self._unit.given)
        )
        media_type = self._unit.output_media_type or call.operation.media_type
        return CallPlan(call, outputs, media_type, None, passes_raw_body)

    def _bytes(self) -> OutputPlan:
        """Give the plan of an answer in which there is nothing to map."""
        outputs = OutputCompiler(self._value).compile(self._unit.output_parameters)
        if not outputs.is_identity:
            self._house.report.warning(
                "unmapped-bytes",
                f"`{self._unit.call}` gives bytes, in which there is nothing to map: they are passed on whole",
                (*self._unit.pointer, "outputParameters"),
                hint="leave `outputParameters` out, or give the operation another `outputRawFormat`",
            )
        return OutputPlan(None)

    def _steps(self) -> StepsPlan:
        runners: dict[str, Runner] = {}
        needs: dict[str, frozenset[str]] = {}
        changes: set[str] = set()
        for step in self._unit.steps:
            first = len(self._parts.uses)
            runners[step.name] = self._runner(step, changes)
            reads = names_of(use.expression for use in self._parts.uses[first:])
            needs[step.name] = frozenset(name.removeprefix(MARK) for name in reads if name.startswith(MARK))
        plan = in_order(needs, frozenset(changes))
        mappings = [
            (tuple(each.target.split(".")), self._use(self._references.compile(each.value)))
            for each in self._unit.mappings
        ]
        # One output alone is the last step's answer; of several, each is the member of its name.
        is_by_name = bool(mappings) or len(self._unit.output_parameters) > 1
        return StepsPlan(
            tuple(Step(name, runners[name], after) for name, after in plan),
            all(place in after for place, (_, after) in enumerate(plan[1:])),
            tuple(mappings),
            self._unit.steps[-1].name,
            self._outputs(
                OutputCompiler(
                    self._value,
                    lone_elements=any(_has_lone_elements(call) for call in self._parts.calls),
                    by_name=is_by_name,
                )
            ),
        )

    def _runner(self, step: StepModel, changes: set[str]) -> Runner:
        match step:
            case CallStepModel():
                call = self._connect(step.call, step.with_, step)
                if call.operation.plan.method not in READING:
                    changes.add(step.name)
                model, gives_bytes = call.operation.model, call.operation.gives_bytes
                projection = Projection() if gives_bytes else Projection.of(model.output_parameters)
                return CallStep(step.name, call, projection)
            case LookupStepModel():
                index = step_of(step.index, self._references.steps)
                if index is None:
                    known = ", ".join(each.name for each in self._unit.steps if each.name != step.name)
                    raise ValueError(
                        f"its step `{step.name}` searches in `{step.index}`, which is no step; "
                        f"there are: {known or 'no others'}"
                    )
                entries = self._use(read_step(*index))
                wanted = self._use(self._references.compile(step.lookup_value))
                return Lookup(entries, step.match, wanted, step.output_parameters)
            case ScriptStepModel():
                return self._script(step)

    def _script(self, step: ScriptStepModel) -> ScriptStep:
        """Compile a script; it sees what every step before it gave, and so waits for all of them."""
        try:
            script = self._house.scripts.compile(step)
        except ScriptRefused as fault:
            raise ValueError(f"{fault} ({fault.hint})" if fault.hint else str(fault)) from None
        names = [each.name for each in self._unit.steps]
        for earlier in names[: names.index(step.name)]:
            self._use(read_step(earlier, "$"))
        return ScriptStep(script, self._use(self._references.compile(step.with_)))

    def _connect(self, name: str, with_: Mapping[str, Any], at: Unit | CallStepModel) -> Call:
        call = self._connector.connect(name, with_, at.pointer)
        if self._max_binary_size is not None:
            call = replace(call, max_binary_size=self._max_binary_size)
        self._parts.calls.append(call)
        self._parts.uses += call.uses()
        self._parts.refusal = self._parts.refusal or call.operation.refusal
        return call

    def _use(self, expression: Expression) -> Expression:
        self._parts.uses.append(Use(expression))
        return expression

    def _value(self, written: Any) -> Expression:
        """Compile an output's own value: text is a template over the inputs, and nothing else is a reference."""
        return compile_value(written, self._references.resolve)

    def _outputs(self, compiler: OutputCompiler) -> OutputPlan:
        outputs = compiler.compile(self._unit.output_parameters)
        self._parts.uses += [Use(value) for value in outputs.values]
        self._parts.promised = outputs.schema
        return outputs


def _has_lone_elements(call: Call) -> bool:
    """Whether the format writes a list of one as its one element."""
    return call.operation.model.output_raw_format == "xml"


def _of_any_type(body: Input) -> Input:
    """Give the body that a route passes on where the document describes none: whatever JSON a client sends."""
    schema = {key: value for key, value in body.schema.items() if key != "type"}
    return replace(body, schema=schema)


def _is_fixed(parameter: Parameter) -> bool:
    """Whether an exposed parameter's ``value`` fixes it: not where it says where in the body it is, nor itself."""
    if parameter.value is None or body_path(parameter):
        return False
    return parameter.name not in compile_value(parameter.value, variable).names


def _through(expression: Expression, given: Mapping[str, Expression]) -> Expression:
    """Give what an expression reads of the caller, where some of its names are given by the unit itself."""
    if not any(name in given for name in expression.names):
        return expression
    names = [
        inner for name in expression.names for inner in (given[name].names if name in given else (name,))
    ]
    whole = given[expression.whole].whole if expression.whole in given else expression.whole
    return Expression(expression.evaluate, tuple(dict.fromkeys(names)), whole)
