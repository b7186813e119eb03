"""The request that goes out and the response that comes back; the seam to every transport."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(slots=True)
class OutgoingRequest:
    """One HTTP request to an upstream.

    Attributes:
        operation: ``namespace.name`` of the consumed operation, for errors and logs.
        method: In capitals.
        url: Absolute, percent-encoded.
        headers: Names and values, in order.
        body: None for no body.
    """

    operation: str
    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return f"OutgoingRequest({self.operation}, {self.method})"


@dataclass(frozen=True, slots=True)
class UpstreamResponse:
    """One HTTP response of an upstream.

    Attributes:
        status: HTTP status.
        headers: Names in lower case, and values, in order.
        body: Whole, content encodings undone.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)

    def header(self, name: str) -> str:
        """Give the first header of this lower-case name; empty where there is none."""
        return next((value for key, value in self.headers if key == name), "")


Send = Callable[[OutgoingRequest], Awaitable[UpstreamResponse]]
"""Sends a request and gives the response."""


class Transport(Protocol):
    """Carries requests to upstreams."""

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        """Send a request.

        Raises:
            UpstreamUnreachable: No connection, TLS failure, or a broken response.
            UpstreamTimeout: The time limit passed.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


class Authentication(Protocol):
    """An outbound authentication scheme: adds to a request, may answer a challenge and send again."""

    async def authorize(self, request: OutgoingRequest, send: Send) -> UpstreamResponse:
        """Send a request with what the scheme demands."""
        ...
