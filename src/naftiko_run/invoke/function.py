"""A function, which every adapter invokes: inputs in, an outcome out, independent of any protocol."""

from __future__ import annotations

from collections.abc import Collection, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from naftiko_run._json_incremental import is_large
from naftiko_run.consume import CallerBody, UpstreamOperation, run_in_decode_pool
from naftiko_run.diagnostics import Pointer
from naftiko_run.errors import BoundVariable, MissingBinding, Unsupported
from naftiko_run.expressions import MISSING, Expression
from naftiko_run.invoke.input_validation import InputValidator
from naftiko_run.invoke.inputs import Input
from naftiko_run.invoke.outcome import Outcome
from naftiko_run.telemetry import current_span, in_span

LARGE_INPUT: Final = 64 * 1024
"""Inputs from a longer JSON text are validated and encoded in a thread; for shorter ones, the thread switch takes longer."""


class Plan(Protocol):
    """What a function does with its inputs: one call, steps, or a mock."""

    async def run(
        self,
        values: dict[str, Any],
        raw_body: CallerBody | None,
        stream_threshold: int | None,
        *,
        large: bool,
    ) -> Outcome:
        """Run the plan; see ``Function.invoke``.

        Args:
            values: The validated inputs; the plan may modify them.
            raw_body: As for ``Function.invoke``.
            stream_threshold: As for ``Function.invoke``.
            large: Whether the inputs are too large to be traversed on the event loop.
        """
        ...


@dataclass(frozen=True, slots=True)
class Function:
    """One exposed function, ready to be invoked.

    Attributes:
        name: The name of the operation or tool in its adapter.
        description: Description for people and models.
        pointer: Its location in the document.
        inputs: The declared and inferred inputs.
        operations: The consumed operations that it calls.
        missing: Variables that it needs and that have no value; if there are any, every call fails.
        refusal: Why every call fails; empty if calls can succeed.
        has_own_schema: Whether the document contains a JSON Schema of its inputs.
        accepts_extra_inputs: Whether undeclared inputs are combined into the body, if there is no input ``body``.
        takes_body: Whether the whole body of an HTTP request is the input ``body``.
        takes_form: Whether the body of an HTTP request may be a form, because the operation sends one.
        binary_input: The input that receives the whole body of an HTTP request as base64; empty
            if the body is not binary.
        output_schema: JSON Schema of its results, in which nothing is required and everything is nullable;
            None if the outputs declare nothing. The upstream may still respond differently.
    """

    name: str
    description: str
    pointer: Pointer
    inputs: tuple[Input, ...]
    operations: tuple[UpstreamOperation, ...]
    missing: tuple[BoundVariable, ...]
    refusal: str
    has_own_schema: bool
    accepts_extra_inputs: bool
    takes_body: bool
    takes_form: bool
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
        """Validate inputs without calling anything; see ``InputValidator.check``.

        Raises:
            InvalidInput: With the first violations.
        """
        return self._validator.check(inputs)

    def needing(self, missing: Collection[BoundVariable]) -> list[str]:
        """Return the names of the operations that need any of the variables, or the name of the function."""
        names = [each.name for each in self.operations if any(it in each.plan.missing for it in missing)]
        if not names and len(self.operations) == 1:
            return [self.operations[0].name]
        return names or [self.name]

    def invoke(
        self,
        inputs: Mapping[str, Any],
        *,
        raw_body: CallerBody | None = None,
        stream_threshold: int | None = None,
        size: int | None = None,
    ) -> Coroutine[Any, Any, Outcome]:
        """Call the function once; await the result.

        Args:
            inputs: Values by input name.
            raw_body: The body of the HTTP request that ``inputs`` were parsed from: forwarded unchanged if it is
                passed through whole, with its nulls. None for callers without a body.
            stream_threshold: A response that is passed through and is longer than this many bytes
                may be streamed: see ``Outcome.chunks``. None to always read the whole response.
            size: The size in bytes of the JSON text that ``inputs`` were parsed from; None if it is unknown.

        Raises:
            InvalidInput: The inputs do not match the schema; nothing was sent.
            Unsupported: The call needs a feature that is not implemented; nothing was sent.
            MissingBinding: A binding has no value; nothing was sent.
            UpstreamUnreachable: Connection or TLS failure, or a truncated response.
            UpstreamTimeout: The timeout expired.
            UndecodableResponse: The response is not in its declared format.
            ResponseTooLarge: The response is larger than the limit.
            StepFailed: The upstream of a step returned an error.
        """
        invoking = self._invoke(inputs, raw_body, stream_threshold, size)
        if current_span() is None:
            return invoking
        return in_span("function", invoking, {"naftiko.function": self.name})

    async def _invoke(
        self,
        inputs: Mapping[str, Any],
        raw_body: CallerBody | None,
        stream_threshold: int | None,
        size: int | None,
    ) -> Outcome:
        large = is_large(inputs) if size is None else size > LARGE_INPUT
        keep_nulls = raw_body is not None
        if large:
            values = await run_in_decode_pool(lambda: self._validator.check(inputs, keep_nulls=keep_nulls))
        else:
            values = self._validator.check(inputs, keep_nulls=keep_nulls)
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
        return await self._plan.run(values, raw_body, stream_threshold, large=large)
