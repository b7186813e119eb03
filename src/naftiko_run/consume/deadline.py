"""The deadline of an authenticated call, shared by all requests that are sent for it."""

from __future__ import annotations

import asyncio
from typing import Final

from naftiko_run.consume.authentication.scheme import AuthenticationScheme
from naftiko_run.http.client.errors import seconds_of, timed_out
from naftiko_run.http.messages import OutgoingRequest, Send, UpstreamResponse

_MARGIN: Final = 0.1
"""Seconds added to the deadline, so that a timeout inside the call fires first: its error is more specific."""


async def authorize_with_deadline(
    authentication: AuthenticationScheme, request: OutgoingRequest, send: Send
) -> UpstreamResponse:
    """Send a request with its credentials, within the timeout of a single call.

    The deadline covers the wait for a token that another call is fetching, and every request that the scheme sends
    for this one. A streamed body depends on the speed of its client, so each request then has its own timeout.

    Raises:
        UpstreamTimeout: The call timed out.
        InvocationError: Raised by the scheme or by ``send``.
    """
    if request.chunks is not None:
        return await authentication.authorize(request, send)
    request = request.copy(deadline=asyncio.get_running_loop().time() + seconds_of(request))
    try:
        async with asyncio.timeout_at(request.deadline + _MARGIN):
            return await authentication.authorize(request, send)
    except TimeoutError:
        raise timed_out(request, authenticates=True) from None
