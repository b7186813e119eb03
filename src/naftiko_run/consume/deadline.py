"""The deadline of a call that authenticates: all that is sent for it shares one."""

from __future__ import annotations

import asyncio
from typing import Final

from naftiko_run.consume.authentication.scheme import AuthenticationScheme
from naftiko_run.http.client.errors import seconds_of, timed_out
from naftiko_run.http.messages import OutgoingRequest, Send, UpstreamResponse

_MARGIN: Final = 0.1
"""Seconds by which whatever else has the same deadline is let go first: its error says more."""


async def authorize_in_time(
    authentication: AuthenticationScheme, request: OutgoingRequest, send: Send
) -> UpstreamResponse:
    """Send a request with what its scheme demands, and wait no longer for all of it than for a call without.

    The deadline holds for the wait for a token that others fetch, and for each request that the scheme makes of
    this one. A body that streams comes in its client's time: then each request has a deadline of its own.

    Raises:
        UpstreamTimeout: The time limit passed.
        InvocationError: What the scheme or ``send`` raises.
    """
    if request.chunks is not None:
        return await authentication.authorize(request, send)
    request = request.copy(deadline=asyncio.get_running_loop().time() + seconds_of(request))
    try:
        async with asyncio.timeout_at(request.deadline + _MARGIN):
            return await authentication.authorize(request, send)
    except TimeoutError:
        raise timed_out(request, authenticates=True) from None
