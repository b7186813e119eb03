"""A unit of the document to a function that can be invoked: its inputs, and around them its plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any

from naftiko_run.bindings import Bindings
from naftiko_run.consume import ConsumedOperations, NotCallable
from naftiko_run.diagnostics import Report
from naftiko_run.document.model import Forward, FunctionModel, Parameter
from naftiko_run.errors import BoundVariable
from naftiko_run.expressions import Expression, compile_value, variable
from naftiko_run.invoke.call import Call, CallPlan
from naftiko_run.invoke.call_compiler import CallCompiler
from naftiko_run.invoke.forward import Forwarder
from naftiko_run.invoke.function import Function, Plan
from naftiko_run.invoke.input_validation import InputValidator
from naftiko_run.invoke.inputs import Input, body_path, infer_inputs
from naftiko_run.invoke.outputs import convert
from naftiko_run.invoke.plan_compiler import PlanCompiler
from naftiko_run.invoke.references import References
from naftiko_run.invoke.safety import SAFE_METHODS, require_safe
from naftiko_run.invoke.schemas import InvalidKeyword, remove_invalid_keywords
from naftiko_run.invoke.scripting import ScriptCompiler


@dataclass(frozen=True, slots=True)
class InputCache:
    """Makes what functions have once for all that need an equal one. A key is what ``repr`` tells of a thing."""

    _sound: dict[str, tuple[Input, Sequence[InvalidKeyword]]] = field(default_factory=dict)
    _checked: dict[str, tuple[tuple[Input, ...], InputValidator]] = field(default_factory=dict)

    def remove_invalid_keywords(self, given: Input) -> tuple[Input, Sequence[InvalidKeyword]]:
        """Give an input without what makes no valid schema, and what that was; see ``schemas.remove_invalid_keywords``."""
        key = repr(given)
        if key not in self._sound:
            schema, taken_out = remove_invalid_keywords(given.schema)
            self._sound[key] = replace(given, schema=schema), taken_out
        return self._sound[key]

    def checked(
        self, inputs: tuple[Input, ...], schema: dict[str, Any] | None
    ) -> tuple[tuple[Input, ...], InputValidator]:
        """Give a function's inputs, and what checks them; see ``InputValidator``.

        Raises:
            ValueError: The document declares something that is no schema.
        """
        key = repr((inputs, schema))
        if key not in self._checked:
            self._checked[key] = inputs, InputValidator(inputs, schema)
        return self._checked[key]


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
    input_cache: InputCache = field(default_factory=InputCache, repr=False)

    def compile(
        self,
        model: FunctionModel,
        inherited: Sequence[Parameter] = (),
        route_variables: Sequence[str] | None = None,
        *,
        required_by_default: bool = False,
        max_binary_size: int | None = None,
    ) -> Function:
        """Compile a unit.

        Args:
            model: A REST operation, a tool, an aggregate's function, or anything else that does something.
            inherited: Input parameters of what it stands under; its own win.
            route_variables: Inputs that a route gives; None where there is no route.
            required_by_default: See ``infer_inputs``.
            max_binary_size: Its adapter's, in bytes; None where it has none.

        Raises:
            NotCallable: It cannot work; the message says why.
            NotReadOnly: It is not known to be safe, and only that is wanted.
        """
        own = {parameter.name for parameter in model.input_parameters}
        parameters = [*(each for each in inherited if each.name not in own), *model.input_parameters]
        try:
            compiler = _FunctionCompilation(self, model, parameters, route_variables, max_binary_size)
            function = compiler.compile(required_by_default=required_by_default)
        except ValueError as fault:
            raise NotCallable.of(fault) from None
        if self.is_read_only:
            require_safe(model, function.operations)
        return function

    def compile_forward(self, model: Forward, inherited: Sequence[Parameter]) -> Forwarder:
        """Compile a forward.

        Args:
            model: The forward.
            inherited: Input parameters of what it stands under, nearest last; those with a fixed value are sent.

        Raises:
            NotCallable: It cannot work; the message says why.
        """
        target = self.operations.forwarding(
            model.target_namespace, [each for each in inherited if _is_fixed(each)]
        )
        return Forwarder(target, frozenset(model.trusted_headers), SAFE_METHODS if self.is_read_only else ())


class _FunctionCompilation:
    def __init__(
        self,
        compiler: FunctionCompiler,
        model: FunctionModel,
        parameters: Sequence[Parameter],
        route_variables: Sequence[str] | None,
        max_binary_size: int | None,
    ) -> None:
        self._compiler = compiler
        self._model = model
        fixed = [each for each in parameters if _is_fixed(each)]
        self._declared = [each for each in parameters if each not in fixed]
        self._route_variables = route_variables
        offered = dict.fromkeys(
            [*(each.name for each in parameters), *(route_variables or ()), *chain(*model.given)]
        )
        self._missing: dict[BoundVariable, None] = {}
        self._references = References(
            compiler.bindings,
            compiler.prefixes,
            [*offered],
            self._missing,
            [step.name for step in model.steps],
            frozenset(each.name for each in parameters if each.type in (None, "object", "array")),
        )
        self._fixed = {each.name: self._fixed_value(each) for each in fixed}
        self._given = self._given_layers()
        self._call_compiler = CallCompiler(
            compiler.operations,
            self._references,
            [*offered],
            [] if model.given or model.steps else self._leftover(offered),
            bool(model.steps and self._declared),
            compiler.report,
        )
        self._plans = PlanCompiler(
            model, self._call_compiler, self._references, compiler.scripts, compiler.report, max_binary_size
        )

    def compile(self, *, required_by_default: bool) -> Function:
        plan = self._plans.compile()
        uses = self._plans.uses
        for layer in filter(None, (*reversed(self._given), self._fixed)):
            uses = [replace(use, expression=_through(use.expression, layer)) for use in uses]
        inputs = infer_inputs(self._declared, uses, required_by_default=required_by_default)
        inputs = tuple(self._sound(each) for each in inputs)
        model, calls = self._model, self._plans.calls
        if isinstance(plan, CallPlan) and self._compiler.operations.implies_body(model.call):
            body = calls[0].operation.plan.body
            if self._route_variables is not None and body is not None and body.whole:
                inputs = tuple(_of_any_type(each) if each.name == "body" else each for each in inputs)
            plan = replace(plan, known=frozenset(each.name for each in inputs))
        accepts_extra_inputs = isinstance(plan, CallPlan) and plan.known is not None
        missing = {variable for call in calls for variable in call.operation.plan.missing}
        inputs, validator = self._compiler.input_cache.checked(inputs, model.input_schema)
        return Function(
            name=model.name,
            description=model.description or (calls[0].operation.model.description if model.call else ""),
            pointer=model.pointer,
            inputs=inputs,
            operations=tuple({call.operation.name: call.operation for call in calls}.values()),
            refusal=self._plans.refusal,
            takes_body=any(each.name == "body" for each in inputs)
            and not any(self._has_member_body(each, inputs) for each in calls),
            missing=tuple(sorted({*self._missing, *missing})),
            binary_input=_binary_input(plan),
            has_own_schema=model.input_schema is not None,
            accepts_extra_inputs=accepts_extra_inputs,
            output_schema=self._plans.promised,
            _validator=validator,
            _fixed=tuple(self._fixed.items()),
            _given=tuple(tuple(layer.items()) for layer in self._given),
            _plan=plan,
        )

    def _has_member_body(self, call: Call, inputs: Sequence[Input]) -> bool:
        """Return whether the input ``body`` is one member of the request's body, beside others of the caller."""
        plan = call.operation.plan.body
        if plan is None or not plan.has_members or "body" not in plan.value.names:
            return False
        if "body" not in call.arguments or call.arguments["body"].whole != "body":
            return False
        in_body = {each.name for each in inputs if each.location in (None, "body")}
        in_body -= {"body", *(self._route_variables or ())}
        filled = (call.arguments[name] for name in plan.value.names if name in call.arguments)
        return any(name in in_body for each in filled for name in each.names)

    def _sound(self, given: Input) -> Input:
        """Give an input without what makes no valid schema, and tell of it."""
        kept, taken_out = self._compiler.input_cache.remove_invalid_keywords(given)
        for keyword, fault in taken_out:
            self._compiler.report.warning(
                "unsound-schema",
                f"`{self._model.name}` does without `{keyword}` of its input `{given.name}`: {fault}",
                self._model.pointer,
                hint="write it as JSON Schema (2020-12) has it",
                alters_service=True,
            )
        return kept

    def _leftover(self, offered: Mapping[str, None]) -> list[str]:
        """Give the inputs that are arguments even where nothing refers to them; headers never are unasked."""
        elsewhere = {each.name for each in self._declared if each.in_ in ("header", "cookie")}
        return [name for name in offered if name not in elsewhere and name not in self._fixed]

    def _given_layers(self) -> list[dict[str, Expression]]:
        """Give what a unit that refers to a function puts in for that function's inputs, and that in turn."""
        known = [each.name for each in self._declared]
        given = []
        for layer in self._model.given:
            callers = replace(self._references, declared=[*known], steps=())
            compiled = {
                name: callers.with_secrets(partial(callers.compile, value)) for name, value in layer.items()
            }
            given.append({name: expression for name, (expression, _) in compiled.items()})
            self._references.given.update({name: secrets for name, (_, secrets) in compiled.items()})
            known += layer
        return given

    def _fixed_value(self, parameter: Parameter) -> Expression:
        """Give what an input's own ``value`` makes of the bindings and of the other inputs, in its own type."""
        references = replace(self._references, steps=())
        value, secrets = references.with_secrets(lambda: compile_value(parameter.value, references.resolve))
        self._references.given[parameter.name] = secrets
        return Expression(lambda scope: convert(parameter.type, value.evaluate(scope)), value.names)


def _binary_input(plan: Plan) -> str:
    """Return the input whose bytes are the body of the one operation that a plan calls."""
    body = plan.call.operation.plan.body if isinstance(plan, CallPlan) else None
    if body is None or not body.binary or not isinstance(plan, CallPlan):
        return ""
    argument = plan.call.arguments.get(body.binary)
    return argument.whole if argument is not None else ""


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
