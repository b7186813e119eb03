"""Consumed operations: compiled from the document, called with arguments."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from naftiko_run.consume.exchange import Authentication, Transport, UpstreamResponse
from naftiko_run.consume.formats import Format
from naftiko_run.consume.plan import RequestPlan
from naftiko_run.diagnostics import Pointer
from naftiko_run.document.model import ConsumedOperation as OperationModel
from naftiko_run.document.model import Parameter
from naftiko_run.errors import UndecodableResponse

DEFAULT_MAX_BINARY_SIZE: Final = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ConsumedOperation:
    """One operation of an upstream, ready to be called.

    Attributes:
        name: ``namespace.name``.
        address: Its URL for people: what bindings add to the path is left as the document writes it.
        model: What the document says of it.
        parameters: Its input parameters, the namespace's and the resource's included.
        reads: The arguments that its request reads, in order.
        plan: Makes the request.
        refusal: Why it cannot be called, though all else about it is known; empty where it can.
        refused_at: The place in the document of what ``refusal`` speaks of.
        authentication: None for none.
        answers: The format of its answers.
        media_type: What its answers are said to be; empty for what the upstream says.
        transport: Carries the request.
    """

    name: str
    address: str
    model: OperationModel
    parameters: tuple[Parameter, ...]
    reads: tuple[str, ...]
    plan: RequestPlan
    refusal: str
    refused_at: Pointer
    authentication: Authentication | None
    answers: Format
    media_type: str
    transport: Transport

    @property
    def gives_bytes(self) -> bool:
        """Whether its answers are bytes, which are passed on and never read."""
        return self.answers.unmapped == "bytes"

    def exchange(
        self,
        arguments: Mapping[str, Any],
        raw_body: bytes | None = None,
        max_binary_size: int | None = None,
        most_kept: int | None = None,
    ) -> Awaitable[UpstreamResponse]:
        """Call the operation once.

        Args:
            arguments: Values by consumed parameter name.
            raw_body: JSON text to send as it is where the whole body is one argument.
            max_binary_size: The adapter's, for an operation that gives bytes and has none of its own.
            most_kept: See ``OutgoingRequest.most_kept``.

        Raises:
            InvalidInput: An argument cannot go where it should.
            MissingBinding: A credential or address is not set.
            UpstreamUnreachable: No connection, TLS failure, or a broken response.
            UpstreamTimeout: The time limit passed.
            ResponseTooLarge: The answer is larger than is taken.
        """
        request = self.plan.fill(arguments, raw_body)
        request.most_kept = most_kept
        if self.answers.unmapped == "bytes":
            request.max_answer = next(
                (size for size in (self.model.max_binary_size, max_binary_size) if size is not None),
                DEFAULT_MAX_BINARY_SIZE,
            )
        if self.authentication is None:
            return self.transport.send(request)
        return self.authentication.authorize(request, self.transport.send)

    def decode(self, response: UpstreamResponse) -> Any:
        """Give the data of an answer that has content.

        Raises:
            UndecodableResponse: It is malformed; the message says how, and shows nothing of it.
        """
        media_type = response.header("content-type")
        try:
            return self.answers.decode(response.body, media_type)
        except ValueError as fault:
            told = media_type.partition(";")[0].strip() or "none"
            raise UndecodableResponse(
                f"{self.name} gave an answer that is not {self.model.output_raw_format.upper()} "
                f"(its Content-Type: {told}): {fault}"
            ) from None
