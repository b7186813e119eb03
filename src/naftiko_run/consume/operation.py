"""Compiled operations of an upstream: call them, and decode their responses."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeVar

from naftiko_run._json import LARGE_TEXT, InvalidUnicode
from naftiko_run._json_incremental import free_incrementally, is_large
from naftiko_run.consume.authentication.scheme import AuthenticationScheme, authorize_with_deadline
from naftiko_run.consume.body_plan import CallerBody
from naftiko_run.consume.decode_pool import run_in_decode_pool
from naftiko_run.consume.formats import Format, JsonFormat, MarkdownFormat, is_utf8_json
from naftiko_run.consume.masking import Mask, UrlSecrets
from naftiko_run.consume.request_plan import RequestLimits, RequestPlan
from naftiko_run.consume.tracing import traced
from naftiko_run.diagnostics import Pointer
from naftiko_run.document.model import ConsumedOperation, Parameter
from naftiko_run.errors import UndecodableResponse
from naftiko_run.expressions import encode_name
from naftiko_run.http.messages import OutgoingRequest, Transport, UpstreamResponse
from naftiko_run.telemetry import current_span
from naftiko_run.urls import resolve_reference

_log = logging.getLogger(__name__)

DEFAULT_MAX_BINARY_SIZE: Final = 10 * 1024 * 1024

MAX_INLINE: Final = 8 * 1024
"""Larger responses are decoded in a thread, so that the event loop is not blocked; smaller ones decode faster than a
thread switch takes."""
_MAX_INLINE_BY_FORMAT: Final[Mapping[type, int]] = {
    JsonFormat: LARGE_TEXT,  # decodes fifty times faster than the other formats
    MarkdownFormat: 512,  # its parser can expand a short table to tens of thousands of cells
}


_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class UpstreamOperation:
    """One operation of an upstream, compiled.

    Attributes:
        name: ``namespace.name``.
        address: Its URL for display: variables of bindings in the path are not filled in.
        model: The operation in the document.
        parameters: Its input parameters, including those of the namespace and the resource.
        sources: The parameters whose fixed value is exactly one argument, by the name of that argument.
        reads: The names of the arguments that its request uses, in order.
        plan: Builds the request.
        refusal: Why it cannot be called, although it was compiled; empty if it can.
        refused_at: The location in the document that causes ``refusal``.
        authentication: None if requests are not authenticated.
        response_format: Decodes its responses.
        unmapped: What is returned of a response if no output is mapped; see ``Format``.
        max_response: The maximum number of bytes of a response kept in memory.
        timeout: The timeout of a call in seconds.
        media_type: The media type that the document declares for its responses; empty for that of the upstream.
        transport: Sends the request.
        mask: Masks secrets of the request URL in responses; None if there are none.
    """

    name: str
    address: str
    model: ConsumedOperation
    parameters: tuple[Parameter, ...]
    sources: Mapping[str, Parameter]
    reads: tuple[str, ...]
    plan: RequestPlan
    refusal: str
    refused_at: Pointer
    authentication: AuthenticationScheme | None
    response_format: Format
    unmapped: Literal["text", "data", "bytes"]
    max_response: int
    timeout: float
    media_type: str
    transport: Transport
    mask: Mask | None = None

    @property
    def returns_bytes(self) -> bool:
        """Whether its responses are bytes that are passed on without decoding."""
        return self.unmapped == "bytes"

    def call(
        self,
        arguments: Mapping[str, Any],
        raw_body: CallerBody | None = None,
        max_binary_size: int | None = None,
        stream_threshold: int | None = None,
        *,
        large: bool | None = None,
    ) -> Awaitable[UpstreamResponse]:
        """Call the operation once.

        Args:
            arguments: Values by the name of the consumed parameter.
            raw_body: The body of the caller's HTTP request; None if the caller does not use HTTP.
            max_binary_size: The adapter's limit, for an operation that returns bytes and has no limit of its own.
            stream_threshold: See ``OutgoingRequest.stream_threshold``.
            large: Whether the arguments are large; None to find out.

        Raises:
            InvalidInput: An argument cannot be used in its place in the request.
            MissingBinding: A variable of a credential or address is not set.
            UpstreamUnreachable: The connection or TLS handshake failed, or the response was malformed.
            UpstreamTimeout: The call timed out.
            NoConnection: No connection became available in time.
            ResponseTooLarge: The response is larger than the limit.
        """
        max_answer = None
        if self.unmapped == "bytes":
            sizes = (self.model.max_binary_size, max_binary_size)
            usual = min(DEFAULT_MAX_BINARY_SIZE, self.max_response)
            max_answer = next((size for size in sizes if size is not None), usual)
        limits = (self.timeout, max_answer, stream_threshold, self.max_response)
        if self.plan.body is not None and (is_large(arguments) if large is None else large):
            return self._call_offloaded(arguments, raw_body, limits)
        request = self.plan.fill(arguments, raw_body, limits)
        if self.mask is not None:
            return self._masked(self.mask, request)
        if self.authentication is None and current_span() is None:
            return self.transport.send(request)
        return self._sent(request)

    async def _call_offloaded(
        self, arguments: Mapping[str, Any], raw_body: CallerBody | None, limits: RequestLimits
    ) -> UpstreamResponse:
        """Build a large request in a thread, and send it."""
        request = await run_in_decode_pool(lambda: self.plan.fill(arguments, raw_body, limits, is_large=True))
        return await (self._sent(request) if self.mask is None else self._masked(self.mask, request))

    def _sent(self, request: OutgoingRequest) -> Awaitable[UpstreamResponse]:
        transport = traced(self.transport, self.mask)
        if self.authentication is None:
            return transport.send(request)
        return authorize_with_deadline(self.authentication, request, transport.send)

    def masking(self, arguments: Mapping[str, Sequence[str]]) -> UpstreamOperation:
        """Return the operation with a mask for secrets in its arguments.

        Args:
            arguments: The values of bindings in each argument, by name; those in the URL are masked.
        """
        plan, secrets = self.plan, UrlSecrets()
        before = plan.path.prefixes_by_variable()
        places = [(before[name], value) for name, value in plan.variables.items()]
        places += [(f"{encode_name(name)}=", value) for name, value, _ in plan.query]
        for text, expression in places:
            for name in expression.names:
                secrets.add_all(text, arguments.get(name, ()))
        if not secrets:
            return self
        mask = Mask(secrets) if self.mask is None else self.mask.extended(secrets)
        return replace(self, mask=mask)

    def location(self, response: UpstreamResponse) -> str:
        """Return the absolute Location of a response, without credentials; empty if it has none."""
        written = response.header("location")
        if not written:
            return ""
        location = resolve_reference(written, response.url)
        return location if self.mask is None else self.mask.text(location)

    async def _masked(self, mask: Mask, request: OutgoingRequest) -> UpstreamResponse:
        return await mask.response(await self._sent(request), is_binary=self.unmapped == "bytes")

    async def read(self, response: UpstreamResponse, transform: Callable[[Any], _T]) -> _T:
        """Decode the body of a response, and pass its data to ``transform``; in a thread if it is large.

        Raises:
            UndecodableResponse: The body is malformed; the message gives the reason and shows none of the content.
        """
        try:
            if not self.should_offload(response):
                return transform(self.decode(response))
            return await run_in_decode_pool(lambda: self._transformed(response, transform))
        except RecursionError:
            raise UndecodableResponse(f"{self.name} returned a response that is nested too deeply") from None

    def _transformed(self, response: UpstreamResponse, transform: Callable[[Any], _T]) -> _T:
        """Decode a large response, transform its data, and free it in steps."""
        decoded = [self.decode(response)]
        transformed = transform(decoded[0])
        free_incrementally(decoded)
        return transformed

    def is_plain_json(self, content: bytes, media_type: str) -> bool:
        """Whether a response can be used without decoding: a short JSON text, in UTF-8 as far as is declared."""
        return (
            is_utf8_json(content, media_type)
            and len(content) <= LARGE_TEXT
            and type(self.response_format) is JsonFormat
        )

    def should_offload(self, response: UpstreamResponse) -> bool:
        """Whether a response is too large to be decoded in the event loop."""
        return len(response.body) > _MAX_INLINE_BY_FORMAT.get(type(self.response_format), MAX_INLINE)

    def decode(self, response: UpstreamResponse) -> Any:
        """Decode the body of a response, which must not be empty.

        Raises:
            UndecodableResponse: The body is malformed; the message gives the reason and shows none of the content.
        """
        media_type = response.header("content-type")
        try:
            try:
                return self.response_format.decode(response.body, media_type)
            except InvalidUnicode as fault:
                _log.warning(
                    "%s: the response contains text that is not valid Unicode; replaced with U+FFFD",
                    self.name,
                )
                essence = media_type.partition(";")[0]
                return self.response_format.decode(fault.repaired, f"{essence}; charset=utf-8")
        except ValueError as fault:
            essence = media_type.partition(";")[0].strip() or "none"
            raise UndecodableResponse(
                f"{self.name} returned a response that is not {self.model.output_raw_format.upper()} "
                f"(Content-Type: {essence}): {fault}"
            ) from None
