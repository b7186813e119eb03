"""Compilation of an operation or tool of the document to a function: its inputs and its plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any

from naftiko_run.bindings import Bindings
from naftiko_run.consume import NotCallable, OperationRegistry
from naftiko_run.diagnostics import Report
from naftiko_run.document.model import Forward, FunctionModel, Parameter
from naftiko_run.errors import BoundVariable
from naftiko_run.expressions import Expression, compile_value, variable
from naftiko_run.invoke.call import Call, CallCompiler, CallPlan
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
    """Shares inputs and validators between functions with equal inputs; keys are made with ``repr``."""

    _valid: dict[str, tuple[Input, Sequence[InvalidKeyword]]] = field(default_factory=dict)
    _validators: dict[str, tuple[tuple[Input, ...], InputValidator]] = field(default_factory=dict)

    def with_valid_schema(self, given: Input) -> tuple[Input, Sequence[InvalidKeyword]]:
        """Return an input without the invalid keywords of its schema, and these; see ``remove_invalid_keywords``."""
        key = repr(given)
        if key not in self._valid:
            schema, removed = remove_invalid_keywords(given.schema)
            self._valid[key] = replace(given, schema=schema), removed
        return self._valid[key]

    def with_validator(
        self, inputs: tuple[Input, ...], schema: dict[str, Any] | None
    ) -> tuple[tuple[Input, ...], InputValidator]:
        """Return the inputs of a function and their validator; see ``InputValidator``.

        Raises:
            ValueError: The document declares an invalid schema.
        """
        key = repr((inputs, schema))
        if key not in self._validators:
            self._validators[key] = inputs, InputValidator(inputs, schema)
        return self._validators[key]


@dataclass(frozen=True, slots=True)
class FunctionCompiler:
    """Compiles the operations and tools of one document.

    Attributes:
        operations: The document's consumed operations.
        bindings: Values for ``with``.
        prefixes: The prefixes that may precede an input in ``with``, as in ``rest.name``.
        scripts: Compiles script steps.
        report: Collects warnings.
        is_read_only: Whether only read-only functions are served.
        input_cache: Shares equal inputs between functions.
    """

    operations: OperationRegistry
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
        """Compile an operation or tool.

        Args:
            model: A REST operation, a tool, a function of an aggregate, or another function of the document.
            inherited: Input parameters of the enclosing resource; its own take precedence.
            route_variables: Inputs from the route; None if there is no route.
            required_by_default: See ``infer_inputs``.
            max_binary_size: The limit of the adapter, in bytes; None for no limit.

        Raises:
            NotCallable: The function cannot work; the message says why.
            NotReadOnly: The function is not known to be read-only, and only such are served.
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
            inherited: Input parameters of the enclosing elements, nearest last; those with a fixed value are sent.

        Raises:
            NotCallable: The forward cannot work; the message says why.
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
        inputs = tuple(self._with_valid_schema(each) for each in inputs)
        model, calls = self._model, self._plans.calls
        if isinstance(plan, CallPlan) and self._compiler.operations.implies_body(model.call):
            body = calls[0].operation.plan.body
            if self._route_variables is not None and body is not None and body.whole:
                inputs = tuple(_of_any_type(each) if each.name == "body" else each for each in inputs)
            plan = replace(plan, known=frozenset(each.name for each in inputs))
        accepts_extra_inputs = isinstance(plan, CallPlan) and plan.known is not None
        missing = {variable for call in calls for variable in call.operation.plan.missing}
        inputs, validator = self._compiler.input_cache.with_validator(inputs, model.input_schema)
        return Function(
            name=model.name,
            description=model.description or (calls[0].operation.model.description if model.call else ""),
            pointer=model.pointer,
            inputs=inputs,
            operations=tuple({call.operation.name: call.operation for call in calls}.values()),
            refusal=self._plans.refusal,
            takes_body=any(each.name == "body" for each in inputs)
            and not any(self._has_member_body(each, inputs) for each in calls),
            takes_form=any(_sends_form(each) for each in calls),
            missing=tuple(sorted({*self._missing, *missing})),
            binary_input=_binary_input(plan),
            has_own_schema=model.input_schema is not None,
            accepts_extra_inputs=accepts_extra_inputs,
            output_schema=self._plans.output_schema,
            _validator=validator,
            _fixed=tuple(self._fixed.items()),
            _given=tuple(tuple(layer.items()) for layer in self._given),
            _plan=plan,
        )

    def _has_member_body(self, call: Call, inputs: Sequence[Input]) -> bool:
        """Return whether the input ``body`` is only one member of the request body, beside other inputs."""
        plan = call.operation.plan.body
        if plan is None or not plan.has_members or "body" not in plan.value.names:
            return False
        if "body" not in call.arguments or call.arguments["body"].whole != "body":
            return False
        in_body = {each.name for each in inputs if each.location in (None, "body")}
        in_body -= {"body", *(self._route_variables or ())}
        filled = (call.arguments[name] for name in plan.value.names if name in call.arguments)
        return any(name in in_body for each in filled for name in each.names)

    def _with_valid_schema(self, given: Input) -> Input:
        """Return an input without the invalid keywords of its schema, and report them."""
        valid, removed = self._compiler.input_cache.with_valid_schema(given)
        for keyword, fault in removed:
            self._compiler.report.warning(
                "unsound-schema",
                f"`{keyword}` of the input `{given.name}` of `{self._model.name}` is ignored: {fault}",
                self._model.pointer,
                hint="write valid JSON Schema (2020-12)",
                alters_service=True,
            )
        return valid

    def _leftover(self, offered: Mapping[str, None]) -> list[str]:
        """Return the inputs that are arguments even if nothing refers to them; never headers or cookies."""
        elsewhere = {each.name for each in self._declared if each.in_ in ("header", "cookie")}
        return [name for name in offered if name not in elsewhere and name not in self._fixed]

    def _given_layers(self) -> list[dict[str, Expression]]:
        """Return the expressions that references to functions pass as inputs, one layer for each reference."""
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
        """Return the expression of an input's own ``value``, converted to its type."""
        references = replace(self._references, steps=())
        value, secrets = references.with_secrets(lambda: compile_value(parameter.value, references.resolve))
        self._references.given[parameter.name] = secrets
        return Expression(lambda scope: convert(parameter.type, value.evaluate(scope)), value.names)


def _sends_form(call: Call) -> bool:
    body = call.operation.model.body
    return body is not None and body.type == "formUrlEncoded"


def _binary_input(plan: Plan) -> str:
    """Return the input whose bytes are the body of the operation that a plan calls; empty if there is none."""
    body = plan.call.operation.plan.body if isinstance(plan, CallPlan) else None
    if body is None or not body.binary or not isinstance(plan, CallPlan):
        return ""
    argument = plan.call.arguments.get(body.binary)
    return argument.whole if argument is not None else ""


def _of_any_type(body: Input) -> Input:
    """Return the input for a body that the document does not describe: it accepts any JSON."""
    schema = {key: value for key, value in body.schema.items() if key != "type"}
    return replace(body, schema=schema)


def _is_fixed(parameter: Parameter) -> bool:
    """Return whether an exposed parameter's ``value`` fixes it: not if it is a path into the body, or refers to itself."""
    if parameter.value is None or body_path(parameter):
        return False
    return parameter.name not in compile_value(parameter.value, variable).names


def _through(expression: Expression, given: Mapping[str, Expression]) -> Expression:
    """Return an expression with the names that it reads from the caller, when the function provides some of them."""
    if not any(name in given for name in expression.names):
        return expression
    names = [
        inner for name in expression.names for inner in (given[name].names if name in given else (name,))
    ]
    whole = given[expression.whole].whole if expression.whole in given else expression.whole
    return Expression(expression.evaluate, tuple(dict.fromkeys(names)), whole)
