"""A call of one consumed operation, as a whole plan or as one step, and its compilation from ``call`` and ``with``."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from naftiko_run import _json
from naftiko_run.consume import (
    CallerBody,
    OperationRegistry,
    StreamedResponse,
    UpstreamOperation,
    UpstreamResponse,
    run_in_decode_pool,
)
from naftiko_run.diagnostics import Pointer, Report
from naftiko_run.errors import UndecodableResponse
from naftiko_run.expressions import (
    MISSING,
    Expression,
    Scope,
    exact_variable,
    member_of,
    names_of,
    normalize_name,
)
from naftiko_run.invoke.inputs import InputUse
from naftiko_run.invoke.outcome import Outcome
from naftiko_run.invoke.outputs import OutputPlan
from naftiko_run.invoke.references import References
from naftiko_run.invoke.step_output import split_step_path

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """A consumed operation, and the expressions for its arguments.

    Attributes:
        operation: The operation to call.
        arguments: The expressions by argument name.
        max_binary_size: The limit of the adapter, in bytes; None for no limit.
    """

    operation: UpstreamOperation
    arguments: Mapping[str, Expression]
    _computed: tuple[tuple[str, Expression], ...]
    max_binary_size: int | None = None

    @classmethod
    def of(cls, operation: UpstreamOperation, arguments: Mapping[str, Expression]) -> Call:
        """Return a call; an argument that is the scope's value of the same name is not evaluated per call."""
        computed = [
            (name, each) for name, each in arguments.items() if each.whole != name or each.names != (name,)
        ]
        return cls(operation, arguments, tuple(computed))

    def uses(self) -> list[InputUse]:
        """Return how the value of each argument is used."""
        parameters = {each.name: each for each in self.operation.parameters if each.value is None}
        plan = self.operation.plan
        in_path = frozenset(names_of(plan.variables.values()))
        named = (*plan.query, *plan.headers, *plan.cookies)
        in_body = names_of([plan.body.value]) if plan.body else ()
        in_json = frozenset(in_body if plan.body and plan.body.takes_null else ())
        as_text = (in_path | {*names_of(value for _, value, _ in named)}).difference(in_body)
        return [
            InputUse(
                expression,
                parameters.get(name) or self.operation.sources.get(name),
                name in in_path,
                name in as_text,
                name in in_json,
            )
            for name, expression in self.arguments.items()
        ]

    def send(
        self,
        scope: Scope,
        raw_body: CallerBody | None = None,
        stream_threshold: int | None = None,
        *,
        large: bool | None = None,
    ) -> Awaitable[UpstreamResponse]:
        """Call the operation once; see ``UpstreamOperation.call``."""
        arguments = scope
        if self._computed:
            arguments = dict(scope)
            for name, expression in self._computed:
                value = expression.evaluate(scope)
                if value is MISSING:
                    arguments.pop(name, None)
                else:
                    arguments[name] = value
        return self.operation.call(arguments, raw_body, self.max_binary_size, stream_threshold, large=large)


@dataclass(frozen=True, slots=True)
class CallPlan:
    """The plan of a function that calls one operation.

    Attributes:
        call: The call.
        outputs: Shapes the response.
        media_type: Content-Type of a response that is passed through; empty for the upstream's own.
        known: Names of the declared inputs, if all other inputs are combined into
            the body; None otherwise.
        passes_raw_body: Whether the caller's body is forwarded unchanged.
    """

    call: Call
    outputs: OutputPlan
    media_type: str
    known: frozenset[str] | None
    passes_raw_body: bool

    async def run(
        self,
        values: dict[str, Any],
        raw_body: CallerBody | None,
        stream_threshold: int | None,
        *,
        large: bool,
    ) -> Outcome:
        """Call the operation and shape its response; see ``Function.invoke``."""
        if self.known is not None and "body" not in values:
            fields = await run_in_decode_pool(lambda: self._fields(values)) if large else self._fields(values)
            if fields:
                values["body"] = fields
        shape = self.outputs.apply
        if raw_body is not None and not self.passes_raw_body:
            raw_body = raw_body.without_content()
        threshold = stream_threshold if shape is None else None
        response = await self.call.send(values, raw_body, threshold, large=large)
        headers = self._headers(response)
        outcome = Outcome(response.status, response.body, response.header("content-type"), headers)
        if isinstance(response, StreamedResponse):
            outcome.chunks, outcome.close = response.chunks, response.aclose
        if outcome.has_failed or not (response.body or outcome.chunks):
            if stream_threshold is None:
                await outcome.read_ahead()
            return outcome
        if shape is None:
            self._pass_through(response, outcome)
            if stream_threshold is None:  # callers without streaming read the value
                is_long = outcome.decode is not None and self.call.operation.should_offload(response)
                if is_long or outcome.is_long:
                    await outcome.read_ahead(is_long=is_long)
            return outcome

        is_long = self.call.operation.should_offload(response)

        def shaped(decoded: Any) -> Outcome:
            return Outcome.of_value(shape(decoded, values), response.status, headers, in_steps=is_long)

        return await self.call.operation.read(response, shaped)

    def _headers(self, response: UpstreamResponse) -> tuple[tuple[str, str], ...]:
        """Return the headers of a response, with an absolute ``Location``."""
        for name, _ in response.headers:
            if name == "location":
                location = self.call.operation.location(response)
                return tuple((key, location if key == name else value) for key, value in response.headers)
        return response.headers

    def _fields(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the inputs that are combined into the body."""
        known = self.known or ()
        return {name: value for name, value in values.items() if name not in known}

    def _pass_through(self, response: UpstreamResponse, outcome: Outcome) -> None:
        """Pass a response through unchanged, and set how to decode it for callers that need its value."""
        operation = self.call.operation
        unmapped = operation.unmapped
        said = outcome.media_type
        if self.media_type:
            outcome.media_type = self.media_type
        if unmapped == "bytes":
            outcome.media_type = outcome.media_type or "application/octet-stream"
            outcome.is_binary = True
            return
        if unmapped == "text" and _json.may_contain_surrogates(response.body) and _is_json(said):
            response = self._replace_lone_surrogates(response)
            outcome.content = response.body
        if unmapped == "data":
            outcome.decode = partial(operation.decode, response)
        elif self.outputs.is_structured and not operation.is_plain_json(response.body, said):
            outcome.decode = partial(_decoded_or_missing, operation, response)

    def _replace_lone_surrogates(self, response: UpstreamResponse) -> UpstreamResponse:
        """Replace escaped lone surrogates; in a long text they are replaced when it is parsed."""
        if len(response.body) > _json.LARGE_TEXT:
            return response
        whole = _json.replace_lone_surrogates(response.body)
        if whole == response.body:
            return response
        name = self.call.operation.name
        _log.warning("%s: the response contains text that is not Unicode; replaced with U+FFFD", name)
        return response.copy(body=whole)


def _is_json(media_type: str) -> bool:
    return media_type.partition(";")[0].strip().casefold().endswith("json")


def _decoded_or_missing(operation: UpstreamOperation, response: UpstreamResponse) -> Any:
    try:
        return operation.decode(response)
    except UndecodableResponse:
        return MISSING  # the text is more useful to the caller than no value


@dataclass(frozen=True, slots=True)
class CallCompiler:
    """Compiles the calls of one function.

    Attributes:
        operations: The document's consumed operations.
        references: Compiles the values of ``with``.
        offered: The names of the caller's inputs: each is passed to the argument of the same name.
        leftover: Those of them that become extra arguments if nothing refers to them.
        is_explicit: Whether the author declares the inputs: then no inputs are inferred for
            optional query parameters, headers and cookies without a value.
        report: Collects warnings.
    """

    operations: OperationRegistry
    references: References
    offered: Sequence[str]
    leftover: Sequence[str]
    is_explicit: bool
    report: Report

    def compile(self, name: str, with_: Mapping[str, Any], at: Pointer) -> Call:
        """Return the call of an operation: arguments come from ``with``, else from the input of the same name.

        Args:
            name: ``namespace.operation``; known to exist.
            with_: The ``with`` block as written.
            at: The location of the call in the document.

        Raises:
            NotCallable: The operation cannot be called.
            ValueError: A template is malformed.
        """
        written: dict[str, Expression] = {}
        secrets: dict[str, Sequence[str]] = {}
        for argument, value in with_.items():
            compile_it = partial(self.references.compile_member, argument, value)
            written[argument], secrets[argument] = self.references.with_secrets(compile_it)
        plain = self.operations.get(name)
        extras = self._extras(plain, written, at)
        operation = self.operations.get(name, extras) if extras else plain
        spellings = {normalize_name(each): each for each in self.offered}
        arguments = dict(written)
        fixed = {each.name for each in operation.parameters if each.value is not None}
        omitted = {
            each.name
            for each in (operation.parameters if self.is_explicit else ())
            if not each.required and each.in_ in ("query", "header", "cookie")
        }
        for argument in [*(each.name for each in operation.parameters), *operation.reads]:
            if argument in arguments or (argument in fixed and argument not in operation.reads):
                continue
            if argument not in self.offered and split_step_path(argument, self.references.steps):
                arguments[argument] = self.references.resolve(argument)
                continue
            source = (
                argument if argument in self.offered else spellings.get(normalize_name(argument), argument)
            )
            member = None if source in self.offered else member_of(argument, self.references.objects)
            if member is not None:
                arguments[argument] = member
            elif source in self.offered or argument not in omitted:
                arguments[argument] = exact_variable(source)
        reads = {argument: each for argument, each in arguments.items() if argument in operation.reads}
        for argument, expression in reads.items():
            secrets.setdefault(argument, self.references.given_in(expression))
        return Call.of(operation.masking(secrets), reads)

    def _extras(
        self, operation: UpstreamOperation, written: Mapping[str, Expression], at: Pointer
    ) -> dict[str, str]:
        """Return the arguments that the operation does not declare, and where they are sent.

        They become fields of a body that the document does not describe, or query parameters if the method
        has no body. A described body contains only what the document says.
        """
        known = {*operation.reads, *(each.name for each in operation.parameters)}
        named = [name for name in written if name not in known]
        unused = [name for name in self.leftover if name not in known]
        if not (named or unused):
            return {}
        place = self.operations.extras_location(operation.name)
        members = (member_of(name, self.references.objects) for name in known)
        read = [*written.values(), *(each for each in members if each is not None)]
        referred = {name for expression in read for name in expression.names}
        spellings = {normalize_name(name) for name in known - written.keys()}
        where = f"it is sent in the {place}" if place else "it is not sent"
        others: dict[str, str] = dict.fromkeys(named, place)
        for name in unused:
            if name not in referred and normalize_name(name) not in spellings:
                others.setdefault(name, place)
        for name in others:
            self.report.warning(
                "unknown-argument",
                f"`{operation.name}` has no parameter `{name}`; {where}",
                (*at, "with", name) if name in written else at,
                hint=f"declare `{name}` among the operation's inputParameters",
            )
        return others if place else {}
