"""An outcome to an HTTP answer; one that is long goes on piece by piece as it comes."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

from naftiko_run.errors import InvocationError
from naftiko_run.expose.body import Disconnected
from naftiko_run.expose.exposer import Receive, Scope, Send
from naftiko_run.expose.leaving import while_there
from naftiko_run.expose.problems import Problem, encoded_headers, respond
from naftiko_run.invoke import Outcome

_log = logging.getLogger(__name__)

_KEPT = frozenset(
    {
        "cache-control",
        "content-disposition",
        "content-language",
        "etag",
        "expires",
        "last-modified",
        "link",
        "location",
        "ratelimit",
        "retry-after",
        "vary",
        "x-request-id",
    }
)
"""The upstream's headers that a caller can use; all others are between the upstream and us."""
_LIMITS = ("ratelimit-", "x-ratelimit-")
"""How the names of others begin that are kept."""
_STATUSES = range(200, 600)


async def answer(outcome: Outcome, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request with what its function gave.

    Raises:
        Problem: The upstream's status is none that HTTP has.
    """
    is_head = scope["method"] == "HEAD"
    if outcome.chunks is not None:
        try:
            await _pass_on(outcome, outcome.chunks, receive, send, is_head=is_head)
        finally:
            assert outcome.close is not None  # where the bytes come from
            await outcome.close()
    elif is_head and not outcome.content:
        headers = _headers(outcome) + _length(outcome)
        await respond(send, outcome.status, None, outcome.media_type, headers)
    else:
        await respond(send, outcome.status, outcome.content, outcome.media_type, _headers(outcome))


async def _pass_on(
    outcome: Outcome, chunks: AsyncIterator[bytes], receive: Receive, send: Send, *, is_head: bool
) -> None:
    headers = _headers(outcome) + _length(outcome)
    if is_head:
        await respond(send, outcome.status, None, outcome.media_type, headers)
        return
    written = encoded_headers(headers, outcome.media_type)
    await send({"type": "http.response.start", "status": outcome.status, "headers": written})
    await relay(chunks, receive, send)


async def relay(chunks: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
    """Send an answer's body on, as fast as it is taken and for as long as somebody takes it.

    Where the upstream breaks off, so does the answer: without its last
    message the server closes the connection, and no client takes half for all.

    Args:
        chunks: The body.
        receive: The client's ASGI channel.
        send: The same; the answer has begun.
    """

    async def pass_on() -> None:
        async for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    try:
        await while_there(receive, pass_on())
    except Disconnected:
        return
    except InvocationError as fault:
        _log.warning("an answer was broken off: %s", fault.message)


def _headers(outcome: Outcome) -> list[tuple[str, str]]:
    """Give the upstream's headers that are passed on.

    Raises:
        Problem: The answer's status is none that HTTP has.
    """
    if outcome.status not in _STATUSES:
        detail = f"The upstream answered with status {outcome.status}, which HTTP does not have"
        raise Problem(502, "invalid-status", detail)
    return [header for header in outcome.headers if header[0] in _KEPT or header[0].startswith(_LIMITS)]


def _length(outcome: Outcome) -> list[tuple[str, str]]:
    """Give the length that the upstream tells of what is not here; that of encoded content is not ours."""
    found = dict(outcome.headers)
    if "content-length" in found and "content-encoding" not in found:
        return [("content-length", found["content-length"])]
    return []
