"""Send an outcome as an HTTP response; long bodies are streamed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from naftiko_run.errors import InvocationError, ResponseAborted
from naftiko_run.expose.body import Disconnected
from naftiko_run.expose.disconnect import cancel_on_disconnect
from naftiko_run.expose.exposer import Receive, Scope, Send
from naftiko_run.expose.problems import Problem
from naftiko_run.expose.response import send_response
from naftiko_run.header_values import encode_header_value
from naftiko_run.invoke import Outcome

_FORWARDED = frozenset(
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
"""The upstream response headers that are forwarded to the client; all others are dropped."""
_FORWARDED_PREFIXES = ("ratelimit-", "x-ratelimit-")
"""Prefixes of further header names that are forwarded."""
_STATUSES: Final = range(200, 600)

_MAX_NAMES: Final = 1024
_encoded_names: dict[str, bytes] = {}
"""Encoded header names, empty for those that are not forwarded; upstreams send the same few names."""


async def answer(outcome: Outcome, scope: Scope, receive: Receive, send: Send) -> None:
    """Respond to a request with the outcome of its function.

    Raises:
        Problem: The status of the upstream is not a valid HTTP status.
    """
    is_head = scope["method"] == "HEAD"
    headers = _forwarded_headers(outcome, is_head=is_head)
    if outcome.chunks is not None:
        try:
            headers += _content_length(outcome)
            if is_head:
                await send_response(scope, send, outcome.status, headers, None)
            else:
                await send({"type": "http.response.start", "status": outcome.status, "headers": headers})
                await relay(outcome.chunks, scope, receive, send)
        finally:
            assert outcome.close is not None  # set whenever `chunks` is
            await outcome.close()
        return
    content: bytes | None = outcome.content
    if is_head and not content:
        headers += _content_length(outcome)
        content = None
    await send_response(scope, send, outcome.status, headers, content)


async def relay(chunks: AsyncIterator[bytes], scope: Scope, receive: Receive, send: Send) -> None:
    """Stream a response body at the pace of the client, until it disconnects.

    Args:
        chunks: The body.
        scope: The ASGI scope of the client's request.
        receive: The ASGI receive callable; the request body has been read.
        send: The ASGI send callable; the response has started.

    Raises:
        ResponseAborted: The upstream aborted its response. The server then closes the connection, so that no client
            takes a truncated body for a complete one.
    """

    async def send_chunks() -> None:
        async for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    try:
        await cancel_on_disconnect(scope, receive, send_chunks())
    except Disconnected:
        return
    except InvocationError as error:
        raise ResponseAborted(error.message) from error


def check_status(status: int) -> None:
    """Check the status of an upstream's final response.

    Raises:
        Problem: 502, the status is not a valid HTTP status.
    """
    if status not in _STATUSES:
        detail = f"The upstream responded with {status}, which is not a valid HTTP status"
        raise Problem(502, "invalid-status", detail)


def _forwarded_headers(outcome: Outcome, *, is_head: bool) -> list[tuple[bytes, bytes]]:
    """Return the upstream headers to forward, and the Content-Type of the content.

    Raises:
        Problem: The status of the upstream is not a valid HTTP status.
    """
    check_status(outcome.status)
    headers = []
    for name, value in outcome.headers:
        cached = _encoded_names.get(name)
        encoded = _encode_name(name) if cached is None else cached
        if encoded:
            headers.append((encoded, encode_header_value(value)))
    if outcome.media_type and (outcome.content or outcome.chunks is not None or is_head):
        headers.append((b"content-type", encode_header_value(outcome.media_type)))
    return headers


def _encode_name(name: str) -> bytes:
    """Return a header name encoded for the response, and cache it; empty for a header that is not forwarded."""
    encoded = name.encode("latin-1") if name in _FORWARDED or name.startswith(_FORWARDED_PREFIXES) else b""
    if len(_encoded_names) < _MAX_NAMES:
        _encoded_names[name] = encoded
    return encoded


def _content_length(outcome: Outcome) -> list[tuple[bytes, bytes]]:
    """Return the Content-Length header of the upstream; none if its content was encoded, since it is decoded here."""
    found = dict(outcome.headers)
    if "content-length" in found and "content-encoding" not in found:
        return [(b"content-length", found["content-length"].encode("latin-1"))]
    return []
