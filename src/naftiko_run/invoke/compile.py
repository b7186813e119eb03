"""An exposed unit of the document to a function that can be invoked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from naftiko_run.bindings import Bindings
from naftiko_run.consume import BODY_METHODS, ConsumedOperation, ConsumedOperations, NotCallable
from naftiko_run.diagnostics import Report
from naftiko_run.document.model import Callable as Unit
from naftiko_run.document.model import Parameter
from naftiko_run.expressions import MISSING, Expression, names_of, same_name
from naftiko_run.invoke.function import Function
from naftiko_run.invoke.inputs import Consumed, Input, infer_inputs
from naftiko_run.invoke.outputs import OutputPlan, compile_outputs
from naftiko_run.invoke.references import References
from naftiko_run.invoke.validation import InputValidator


@dataclass(frozen=True, slots=True)
class FunctionCompiler:
    """Compiles the units of one document.

    Attributes:
        operations: The document's consumed operations.
        bindings: Values for ``with``.
        prefixes: What may stand before a caller's input in ``with``.
        report: Takes what will surprise at run time.
    """

    operations: ConsumedOperations
    bindings: Bindings
    prefixes: frozenset[str]
    report: Report

    def compile(
        self,
        unit: Unit,
        inherited: Sequence[Parameter] = (),
        route_variables: Sequence[str] | None = None,
        *,
        silence_is_required: bool = False,
    ) -> Function:
        """Compile a unit.

        Args:
            unit: A REST operation, a tool, or anything else that calls.
            inherited: Input parameters of what it stands under; its own win.
            route_variables: Inputs that a route gives; None where there is no route.
            silence_is_required: See ``infer_inputs``.

        Raises:
            NotCallable: It cannot work; the message says why.
        """
        own = {parameter.name for parameter in unit.input_parameters}
        parameters = [*(each for each in inherited if each.name not in own), *unit.input_parameters]
        fixed = {
            each.name: each.value
            for each in parameters
            if each.value is not None and not _is_path(each.value)
        }
        declared = [each for each in parameters if each.name not in fixed]
        given = [*(each.name for each in declared), *(route_variables or ())]
        missing: dict[str, None] = {}
        references = References(self.bindings, self.prefixes, given, missing)
        try:
            written = {name: references.compile(value) for name, value in unit.with_.items()}
            operation, arguments = self._connect(unit, written, declared, route_variables or ())
            consumed = Consumed(
                {each.name: each for each in operation.parameters if each.value is None},
                frozenset(names_of(operation.plan.variables.values())),
            )
            inferred = {name: each for name, each in arguments.items() if not _is_filled(each, fixed)}
            inputs = infer_inputs(declared, inferred, consumed, silence_is_required=silence_is_required)
            implies_body = self.operations.implies_body(unit.call)
            if implies_body and route_variables is not None:
                inputs = tuple(_of_any_type(each) if each.name == "body" else each for each in inputs)
            outputs = compile_outputs(
                unit.output_parameters,
                operation.model.output_parameters,
                lone_elements=operation.model.output_raw_format == "xml",
            )
            validator = InputValidator(inputs)
        except ValueError as fault:
            raise NotCallable(str(fault)) from None
        body = operation.plan.body
        return Function(
            name=unit.name,
            description=unit.description or operation.model.description,
            pointer=unit.pointer,
            inputs=inputs,
            operation=operation,
            refusal=operation.refusal or _format_refusal(operation, outputs),
            missing=tuple(sorted({*missing, *operation.plan.missing})),
            _validator=validator,
            _arguments=tuple(
                (name, each)
                for name, each in arguments.items()
                if each.whole != name or each.names != (name,)
            ),
            _fixed=fixed,
            _outputs=outputs,
            _gathers_body=implies_body,
            _passes_raw_body=body is not None and bool(body.whole) and arguments[body.whole].whole == "body",
        )

    def _connect(
        self,
        unit: Unit,
        written: dict[str, Expression],
        declared: Sequence[Parameter],
        route_variables: Sequence[str],
    ) -> tuple[ConsumedOperation, dict[str, Expression]]:
        """Give the operation, and what fills each of its arguments: ``with`` first, the same name else."""
        plain = self.operations.get(unit.call)
        offered = [
            *(each.name for each in declared if each.in_ not in ("header", "cookie")),
            *route_variables,
        ]
        extras = self._extras(unit, plain, written, offered)
        operation = self.operations.get(unit.call, extras) if extras else plain
        spellings = {same_name(name): name for name in [*(each.name for each in declared), *route_variables]}
        arguments = dict(written)
        fixed = {each.name for each in operation.parameters if each.value is not None}
        for name in [*(each.name for each in operation.parameters), *operation.reads]:
            if name not in arguments and (name in operation.reads or name not in fixed):
                source = name if name in spellings.values() else spellings.get(same_name(name), name)
                arguments[name] = _exactly(source)
        return operation, {name: each for name, each in arguments.items() if name in operation.reads}

    def _extras(
        self,
        unit: Unit,
        operation: ConsumedOperation,
        written: Mapping[str, Expression],
        offered: Sequence[str],
    ) -> dict[str, str]:
        """Give the arguments that the operation does not know, and where they travel.

        What ``with`` names becomes a field of the body where the method has one.
        So does an input that nothing refers to, unless the document says what
        the whole body is: then it is a query parameter, and the body stays whole.
        """
        known = {*operation.reads, *(each.name for each in operation.parameters)}
        has_body = operation.model.method in BODY_METHODS
        says_body = any(
            each.name == "body" and each.in_ == "body" for each in operation.model.input_parameters
        )
        referred = {name for expression in written.values() for name in expression.names}
        spellings = {same_name(name) for name in known - written.keys()}
        extras = {name: "body" if has_body else "query" for name in written if name not in known}
        for name in offered:
            if name not in referred and name not in known and same_name(name) not in spellings:
                extras.setdefault(name, "body" if has_body and not says_body else "query")
        for name, place in extras.items():
            self.report.warning(
                "unknown-argument",
                f"`{unit.call}` has no parameter `{name}`; it is sent in the {place}",
                (*unit.pointer, "with", name) if name in written else unit.pointer,
                hint=f"declare `{name}` among the operation's inputParameters",
            )
        return extras


def _format_refusal(operation: ConsumedOperation, outputs: OutputPlan) -> str:
    written = operation.model.output_raw_format
    if outputs.is_identity or written == "json":
        return ""
    return f"`{operation.name}` answers `{written}`, and pieces of that format cannot be read yet"


def _of_any_type(body: Input) -> Input:
    """Give the body that a route takes where the document describes none: whatever JSON a client sends."""
    schema = {key: value for key, value in body.schema.items() if key != "type"}
    return replace(body, schema=schema)


def _exactly(name: str) -> Expression:
    return Expression(lambda scope: scope.get(name, MISSING), (name,), name)


def _is_path(value: object) -> bool:
    """Whether an exposed parameter's ``value`` says where in the body it is, and fixes nothing."""
    return isinstance(value, str) and value.startswith("$")


def _is_filled(expression: Expression, fixed: dict[str, object]) -> bool:
    return bool(expression.names) and all(name in fixed for name in expression.names)
