"""A function: what every adapter invokes. Inputs in, an outcome out, no protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from naftiko_run import jsontext
from naftiko_run.consume.exchange import UpstreamResponse
from naftiko_run.consume.operation import ConsumedOperation
from naftiko_run.diagnostics import Pointer
from naftiko_run.errors import MissingBinding, UndecodableResponse, Unsupported
from naftiko_run.expressions import MISSING, Expression
from naftiko_run.invoke.inputs import Input
from naftiko_run.invoke.outcome import Outcome
from naftiko_run.invoke.outputs import OutputPlan
from naftiko_run.invoke.validation import InputValidator


@dataclass(frozen=True, slots=True)
class Function:
    """One exposed function, ready to be invoked.

    Attributes:
        name: The unit's name in its adapter.
        description: For people and models.
        pointer: Its place in the document.
        inputs: Declared and inferred.
        operation: The consumed operation that it calls.
        missing: Bindings without a value that it needs; while there are any, every call fails.
        refusal: Why every call fails; empty where calls can succeed.
    """

    name: str
    description: str
    pointer: Pointer
    inputs: tuple[Input, ...]
    operation: ConsumedOperation
    missing: tuple[str, ...]
    refusal: str
    _validator: InputValidator
    _arguments: tuple[tuple[str, Expression], ...]
    _fixed: Mapping[str, Any]
    _outputs: OutputPlan
    _gathers_body: bool
    _passes_raw_body: bool

    @property
    def input_schema(self) -> dict[str, Any]:
        """JSON Schema (2020-12) of the input map."""
        return self._validator.schema

    @property
    def takes_body(self) -> bool:
        """Whether the caller's whole body is one of the inputs."""
        return any(each.name == "body" for each in self.inputs)

    async def invoke(self, inputs: Mapping[str, Any], *, raw_body: bytes | None = None) -> Outcome:
        """Call the function once.

        Args:
            inputs: Values by input name.
            raw_body: The JSON text of ``inputs["body"]`` as the caller wrote it,
                sent on unchanged where the body is passed through whole.

        Raises:
            InvalidInput: The inputs break the contract; nothing was sent.
            Unsupported: It needs something that this version cannot do; nothing was sent.
            MissingBinding: A binding has no value; nothing was sent.
            UpstreamUnreachable: No connection, TLS failure, or a broken response.
            UpstreamTimeout: The time limit passed.
            UndecodableResponse: The answer is not in its declared format.
        """
        values = self._validator.check(inputs)
        if self.refusal:
            raise Unsupported(self.refusal)
        if self.missing:
            raise MissingBinding(self.missing, self.operation.name)
        if self._fixed:
            values |= self._fixed
        if self._gathers_body and "body" not in values:
            self._gather_body(values)
        arguments = dict(values)
        for name, expression in self._arguments:
            value = expression.evaluate(values)
            if value is MISSING:
                arguments.pop(name, None)
            else:
                arguments[name] = value
        response = await self.operation.exchange(arguments, raw_body if self._passes_raw_body else None)
        return self._outcome(response)

    def _gather_body(self, values: dict[str, Any]) -> None:
        """Make the body, of which the document says nothing, of the inputs of which it says nothing."""
        known = self._validator.schema["properties"]
        fields = {name: value for name, value in values.items() if name not in known}
        if fields:
            values["body"] = fields

    def _outcome(self, response: UpstreamResponse) -> Outcome:
        outcome = Outcome(response.status, response.body, response.header("content-type"), response.headers)
        if self._outputs.apply is None or outcome.has_failed or not response.body:
            return outcome
        try:
            decoded = jsontext.loads(response.body)
        except ValueError:
            kind = outcome.media_type.partition(";")[0] or "none"
            raise UndecodableResponse(
                f"{self.operation.name} gave an answer that is not JSON (its Content-Type: {kind})"
            ) from None
        return Outcome.of_value(self._outputs.apply(decoded), response.status, response.headers)
