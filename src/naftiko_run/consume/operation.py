"""Consumed operations: compiled from the document, called with arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from naftiko_run import jsontext
from naftiko_run.consume.exchange import Authentication, Transport, UpstreamResponse
from naftiko_run.consume.plan import RequestPlan
from naftiko_run.diagnostics import Pointer
from naftiko_run.document.model import ConsumedOperation as OperationModel
from naftiko_run.document.model import Parameter
from naftiko_run.errors import UndecodableResponse


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
    transport: Transport

    async def exchange(self, arguments: Mapping[str, Any], raw_body: bytes | None = None) -> UpstreamResponse:
        """Call the operation once.

        Args:
            arguments: Values by consumed parameter name.
            raw_body: JSON text to send as it is where the whole body is one argument.

        Raises:
            InvalidInput: An argument cannot go where it should.
            MissingBinding: A credential or address is not set.
            UpstreamUnreachable: No connection, TLS failure, or a broken response.
            UpstreamTimeout: The time limit passed.
        """
        request = self.plan.fill(arguments, raw_body)
        if self.authentication is None:
            return await self.transport.send(request)
        return await self.authentication.authorize(request, self.transport.send)

    def decode(self, response: UpstreamResponse) -> Any:
        """Give the data of an answer that has content.

        Raises:
            UndecodableResponse: It is not in the format that the operation declares.
        """
        try:
            return jsontext.loads(response.body)
        except ValueError:
            kind = response.header("content-type").partition(";")[0] or "none"
            raise UndecodableResponse(
                f"{self.name} gave an answer that is not JSON (its Content-Type: {kind})"
            ) from None
