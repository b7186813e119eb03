"""A function: what every adapter invokes. Inputs in, an outcome out, no protocol."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from naftiko_run.consume import CallerBody, ConsumedOperation
from naftiko_run.diagnostics import Pointer
from naftiko_run.errors import BoundVariable, MissingBinding, Unsupported
from naftiko_run.expressions import MISSING, Expression
from naftiko_run.invoke.input_validation import InputValidator
from naftiko_run.invoke.inputs import Input
from naftiko_run.invoke.outcome import Outcome


class Plan(Protocol):
    """What a function does with its inputs: one call, steps, or nothing but values of its own."""

    async def run(
        self, values: dict[str, Any], raw_body: CallerBody | None, stream_threshold: int | None
    ) -> Outcome:
        """Do it; see ``Function.invoke``.

        Args:
            values: The inputs, checked; the plan may change them.
            raw_body: As for ``Function.invoke``.
            stream_threshold: The same.
        """
        ...


@dataclass(frozen=True, slots=True)
class Function:
    """One exposed function, ready to be invoked.

    Attributes:
        name: The unit's name in its adapter.
        description: For people and models.
        pointer: Its place in the document.
        inputs: Declared and inferred.
        operations: The consumed operations that it calls.
        missing: Variables without a value that it needs; while there are any, every call fails.
        refusal: Why every call fails; empty where calls can succeed.
        has_own_schema: Whether the document has a JSON Schema of its inputs in the author's own words.
        takes_others: Whether inputs that it does not declare make up the body, where there is no input ``body``.
        takes_body: Whether an HTTP caller's whole body is the input ``body``.
        binary_input: The input that is the whole body of an HTTP caller, whatever its bytes, as base64; empty
            where the body is none of bytes.
        output_schema: JSON Schema of its answers, by which nothing is required and everything may be null;
            None where its outputs promise nothing. An upstream can still answer otherwise.
    """

    name: str
    description: str
    pointer: Pointer
    inputs: tuple[Input, ...]
    operations: tuple[ConsumedOperation, ...]
    missing: tuple[BoundVariable, ...]
    refusal: str
    has_own_schema: bool
    accepts_extra_inputs: bool
    takes_body: bool
    binary_input: str
    output_schema: dict[str, Any] | None
    _validator: InputValidator
    _fixed: tuple[tuple[str, Expression], ...]
    _given: tuple[tuple[tuple[str, Expression], ...], ...]
    _plan: Plan

    @property
    def input_schema(self) -> dict[str, Any]:
        """JSON Schema (2020-12) of the input map."""
        return self._validator.schema

    def check(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Check inputs without calling anything; see ``InputValidator.check``.

        Raises:
            InvalidInput: With every violation.
        """
        return self._validator.check(inputs)

    def needing(self, missing: Collection[BoundVariable]) -> list[str]:
        """Name what of the function needs some variables: consumed operations, or only the function itself."""
        names = [each.name for each in self.operations if any(it in each.plan.missing for it in missing)]
        if not names and len(self.operations) == 1:
            return [self.operations[0].name]
        return names or [self.name]

    async def invoke(
        self,
        inputs: Mapping[str, Any],
        *,
        raw_body: CallerBody | None = None,
        stream_threshold: int | None = None,
    ) -> Outcome:
        """Call the function once.

        Args:
            inputs: Values by input name.
            raw_body: The body of an HTTP caller, from which ``inputs`` were read: sent on unchanged where it is
                passed through whole. Its nulls are sent as they were written. None where the caller has no such.
            stream_threshold: An answer that is passed on as it comes, and is longer than so many bytes,
                may be given while it comes: see ``Outcome.chunks``. None: always whole.

        Raises:
            InvalidInput: The inputs break the contract; nothing was sent.
            Unsupported: It needs something that this version cannot do; nothing was sent.
            MissingBinding: A binding has no value; nothing was sent.
            UpstreamUnreachable: No connection, TLS failure, or a broken response.
            UpstreamTimeout: The time limit passed.
            UndecodableResponse: The answer is not in its declared format.
            ResponseTooLarge: The answer is larger than is taken.
            StepFailed: A step's upstream did not do what was asked.
        """
        values = self._validator.check(inputs, keep_nulls=raw_body is not None)
        if raw_body is not None and values.get("body") is not inputs.get("body"):
            raw_body = raw_body.without_content()
        if self.refusal:
            raise Unsupported(self.refusal)
        if self.missing:
            raise MissingBinding(self.missing, self.needing(self.missing)[0])
        if self._fixed:
            fixed = [(name, expression.evaluate(values)) for name, expression in self._fixed]
            callers = {name: value for name, value in values.items() if name not in dict(fixed)}
            values = callers | {name: value for name, value in fixed if value is not MISSING}
        for layer in self._given:
            given = [(name, expression.evaluate(values)) for name, expression in layer]
            values |= {name: value for name, value in given if value is not MISSING}
        return await self._plan.run(values, raw_body, stream_threshold)
