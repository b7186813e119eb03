"""Forwarding: whatever a caller asks for, sent to a namespace with what all its operations send."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from naftiko_run.consume.authentication.scheme import Authentication
from naftiko_run.consume.deadline import authorize_in_time
from naftiko_run.consume.masking import Mask
from naftiko_run.consume.plan import RequestPlan
from naftiko_run.diagnostics import Pointer
from naftiko_run.errors import MissingBinding, Unsupported
from naftiko_run.http.client.buffering import without_codings
from naftiko_run.http.messages import OutgoingRequest, StreamedResponse, Transport, UpstreamResponse
from naftiko_run.urls import resolve_reference

_DEFAULTS = frozenset({"accept", "user-agent"})
"""Headers of ours that a caller's replace, unless the document says what they are."""


@dataclass(frozen=True, slots=True)
class Forwarding:
    """A consumed namespace to which requests are forwarded.

    Attributes:
        name: ``namespace.*``, for errors and logs.
        address: Its base URI for people.
        plan: Makes what all its requests have: base URI, fixed query parameters and headers.
        refusal: Why nothing can be forwarded; empty where something can.
        refused_at: The place in the document of what ``refusal`` speaks of.
        authentication: None for none.
        timeout: How many seconds the upstream has until its headers are there, and then for each pause.
        transport: Carries the requests.
        mask: Masks what is secret in their URLs in answers; None where nothing is.
    """

    name: str
    address: str
    plan: RequestPlan
    refusal: str
    refused_at: Pointer
    authentication: Authentication | None
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
            method: The caller's.
            path: What follows the base URI, percent-encoded, with its leading slash; empty for nothing.
            query: The caller's query, as it was written.
            headers: Those of the caller's that may go; the document's own win over them.
            body: None for none.

        Raises:
            Unsupported: The namespace cannot be called at all.
            MissingBinding: A credential or address is not set.
            UpstreamUnreachable: No connection, TLS failure, or a broken response.
            UpstreamTimeout: The time limit passed.
            NoConnection: None became free in time, or none can be opened.
            ClientTooSlow: The body came too slowly, and others waited for the connection.
        """
        if self.refusal:
            raise Unsupported(self.refusal)
        if self.plan.missing:
            raise MissingBinding(self.plan.missing, self.name)
        request = self._request(method, path, query, [*headers], body)
        if self.mask is not None:
            # Nothing is found in what is compressed.
            others = [header for header in request.headers if header[0].lower() != "accept-encoding"]
            request = request.copy(headers=(*others, ("Accept-Encoding", "identity")))
        response: UpstreamResponse
        if self.authentication is None:
            response = await self.transport.send(request)
        else:
            response = await authorize_in_time(self.authentication, request, self.transport.send)
        if self.mask is not None:
            response = await self.mask.response(await without_codings(request, response))
        if location := response.header("location"):
            shown = self._shown(resolve_reference(location, request.url))
            response = response.copy(headers=_with_location(response.headers, shown))
        assert isinstance(response, StreamedResponse)  # what the one given to it gives
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
        given = {name.lower() for name, _ in headers} & defaults
        fixed = [header for header in request.headers if header[0].lower() not in given]
        settled = {name.lower() for name, _ in fixed}
        return request.copy(
            method=method,
            url=base + path + (f"?{queries}" if queries else ""),
            headers=(*fixed, *(header for header in headers if header[0].lower() not in settled)),
            chunks=body,
            timeout=self.timeout,
            stream=True,
        )


def _with_location(headers: Iterable[tuple[str, str]], location: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, location if name == "location" else value) for name, value in headers)
