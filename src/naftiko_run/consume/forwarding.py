"""Forward requests to a consumed namespace, with its base URI, fixed parameters and credentials."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from naftiko_run.consume.authentication.scheme import AuthenticationScheme, authorize_with_deadline
from naftiko_run.consume.masking import Mask
from naftiko_run.consume.request_plan import RequestPlan
from naftiko_run.consume.tracing import traced
from naftiko_run.diagnostics import Pointer
from naftiko_run.errors import MissingBinding, Unsupported
from naftiko_run.http.client.buffering import without_codings
from naftiko_run.http.messages import OutgoingRequest, StreamedResponse, Transport, UpstreamResponse
from naftiko_run.urls import resolve_reference

_DEFAULTS = frozenset({"accept", "user-agent"})
"""Default headers that the caller's replace, unless the document sets them."""


@dataclass(frozen=True, slots=True)
class Forwarding:
    """A consumed namespace to which requests are forwarded.

    Attributes:
        name: ``namespace.*``, for errors and logs.
        address: Its base URI, without secrets, for display.
        plan: Builds the shared part of its requests: base URI, fixed query parameters and headers.
        refusal: Why requests cannot be forwarded; empty if they can.
        refused_at: The location in the document that causes ``refusal``.
        authentication: None if requests are not authenticated.
        timeout: The maximum number of seconds until the response headers arrive, and between chunks of its body.
        transport: Sends the requests.
        mask: Masks secrets of the request URL in responses; None if there are none.
    """

    name: str
    address: str
    plan: RequestPlan
    refusal: str
    refused_at: Pointer
    authentication: AuthenticationScheme | None
    timeout: float
    transport: Transport
    mask: Mask | None = None

    async def send(
        self,
        method: str,
        path: str,
        query: str,
        headers: Iterable[tuple[str, str]],
        body: AsyncIterator[bytes] | None,
    ) -> StreamedResponse:
        """Forward one request.

        Args:
            method: The method of the caller's request.
            path: The path below the base URI, percent-encoded, with a leading slash; may be empty.
            query: The caller's query string, unchanged.
            headers: The caller's headers that may be forwarded; headers of the document override them.
            body: None if there is no body.

        Raises:
            Unsupported: The namespace cannot be called.
            MissingBinding: A credential or address is not set.
            UpstreamUnreachable: The connection or TLS handshake failed, or the response was malformed.
            UpstreamTimeout: The upstream timed out.
            NoConnection: No connection became available in time.
            ClientTooSlow: The body arrived too slowly while other requests waited for the connection.
        """
        if self.refusal:
            raise Unsupported(self.refusal)
        if self.plan.missing:
            raise MissingBinding(self.plan.missing, self.name)
        request = self._request(method, path, query, [*headers], body)
        if self.mask is not None:
            # Secrets cannot be found in compressed content.
            others = [header for header in request.headers if header[0].lower() != "accept-encoding"]
            request = request.copy(headers=(*others, ("Accept-Encoding", "identity")))
        response: UpstreamResponse
        transport = traced(self.transport, self.mask)
        if self.authentication is None:
            response = await transport.send(request)
        else:
            response = await authorize_with_deadline(self.authentication, request, transport.send)
        if self.mask is not None:
            response = await self.mask.response(await without_codings(request, response))
        if location := response.header("location"):
            shown = self._shown(resolve_reference(location, request.url))
            response = response.copy(headers=_with_location(response.headers, shown))
        assert isinstance(
            response, StreamedResponse
        )  # both branches return a streamed response for a request with ``stream``
        return response

    def _shown(self, url: str) -> str:
        return url if self.mask is None else self.mask.text(url)

    def _request(
        self,
        method: str,
        path: str,
        query: str,
        headers: list[tuple[str, str]],
        body: AsyncIterator[bytes] | None,
    ) -> OutgoingRequest:
        request = self.plan.fill({})
        base, _, own_query = request.url.partition("?")
        queries = "&".join(each for each in (query, own_query) if each)
        defaults = _DEFAULTS.difference(name.lower() for name, _, _ in self.plan.headers)
        replaced = {name.lower() for name, _ in headers} & defaults
        fixed = [header for header in request.headers if header[0].lower() not in replaced]
        fixed_names = {name.lower() for name, _ in fixed}
        return request.copy(
            method=method,
            url=base + path + (f"?{queries}" if queries else ""),
            headers=(*fixed, *(header for header in headers if header[0].lower() not in fixed_names)),
            chunks=body,
            timeout=self.timeout,
            stream=True,
        )


def _with_location(headers: Iterable[tuple[str, str]], location: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, location if name == "location" else value) for name, value in headers)
