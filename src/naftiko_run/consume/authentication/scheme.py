"""The interface of an outbound authentication scheme."""

from __future__ import annotations

from typing import Protocol

from naftiko_run.http.messages import OutgoingRequest, Send, UpstreamResponse


class Authentication(Protocol):
    """An outbound authentication scheme: adds to a request, may answer a challenge and send again."""

    async def authorize(self, request: OutgoingRequest, send: Send) -> UpstreamResponse:
        """Send a request with what the scheme demands."""
        ...
