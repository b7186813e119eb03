"""An outcome to an HTTP answer; one that is long goes on piece by piece as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from naftiko_run.errors import InvocationError, ResponseAborted
from naftiko_run.expose.body import Disconnected
from naftiko_run.expose.disconnect import cancel_on_disconnect
from naftiko_run.expose.exposer import Receive, Scope, Send
from naftiko_run.expose.problems import Problem
from naftiko_run.expose.response import send_response
from naftiko_run.invoke import Outcome

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
_STATUSES: Final = range(200, 600)

_MOST_NAMES: Final = 1024
_names: dict[str, bytes] = {}
"""What was found of headers' names: upstreams send the same few."""


async def answer(outcome: Outcome, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request with what its function gave.

    Raises:
        Problem: The upstream's status is none that HTTP has.
    """
    is_head = scope["method"] == "HEAD"
    headers = _headers(outcome, is_head=is_head)
    if outcome.chunks is not None:
        try:
            headers += _length(outcome)
            if is_head:
                await send_response(scope, send, outcome.status, headers, None)
            else:
                await send({"type": "http.response.start", "status": outcome.status, "headers": headers})
                await relay(outcome.chunks, scope, receive, send)
        finally:
            assert outcome.close is not None  # where the bytes come from
            await outcome.close()
        return
    content: bytes | None = outcome.content
    if is_head and not content:
        headers += _length(outcome)
        content = None
    await send_response(scope, send, outcome.status, headers, content)


async def relay(chunks: AsyncIterator[bytes], scope: Scope, receive: Receive, send: Send) -> None:
    """Send a response body on, as fast as the client takes it and for as long as it is connected.

    Args:
        chunks: The body.
        scope: The client's request.
        receive: Its ASGI channel, once the request's body was read.
        send: Its ASGI channel; the response has begun.

    Raises:
        ResponseAborted: The upstream broke off. The server then closes the connection, and no client takes a part of
            the body for all of it.
    """

    async def pass_on() -> None:
        async for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    try:
        await cancel_on_disconnect(scope, receive, pass_on())
    except Disconnected:
        return
    except InvocationError as fault:
        raise ResponseAborted(fault.message) from fault


def check_status(status: int) -> None:
    """Check the status of an upstream's final response.

    Raises:
        Problem: 502, it is none that HTTP has.
    """
    if status not in _STATUSES:
        detail = f"The upstream answered with status {status}, which HTTP does not have"
        raise Problem(502, "invalid-status", detail)


def _headers(outcome: Outcome, *, is_head: bool) -> list[tuple[bytes, bytes]]:
    """Give the upstream's headers that are passed on, and the Content-Type of content.

    Raises:
        Problem: The answer's status is none that HTTP has.
    """
    check_status(outcome.status)
    kept = []
    for name, value in outcome.headers:
        known = _names.get(name)
        written = _learn(name) if known is None else known
        if written:
            kept.append((written, value.encode("latin-1", "replace")))
    if outcome.media_type and (outcome.content or outcome.chunks is not None or is_head):
        kept.append((b"content-type", outcome.media_type.encode("latin-1", "replace")))
    return kept


def _learn(name: str) -> bytes:
    """Give a header's name as it goes over the wire; empty for one that is not passed on."""
    written = name.encode("latin-1") if name in _KEPT or name.startswith(_LIMITS) else b""
    if len(_names) < _MOST_NAMES:
        _names[name] = written
    return written


def _length(outcome: Outcome) -> list[tuple[bytes, bytes]]:
    """Give the length that the upstream tells of what is not here; that of encoded content is not ours."""
    found = dict(outcome.headers)
    if "content-length" in found and "content-encoding" not in found:
        return [(b"content-length", found["content-length"].encode("latin-1"))]
    return []
