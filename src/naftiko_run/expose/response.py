"""Whole responses: one message where the server takes it, ASGI's two where it does not."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Iterable, Sequence
from typing import Final

from naftiko_run.expose.exposer import Scope, Send

RESPONSE: Final = sys.intern("naftiko.http.response")  # as the server does: equal keys are then found at once
"""The extension of servers that take a whole response in one message, and the type of that message.

It has ``status``, ``headers`` and ``body``. A ``body`` of None answers HEAD where only ``headers`` have the length.
"""

_BODILESS: Final = frozenset({204, 304})

Headers = Sequence[tuple[bytes, bytes]]


def send_response(
    scope: Scope, send: Send, status: int, headers: Headers, body: bytes | None
) -> Awaitable[None]:
    """Send a whole response.

    Args:
        scope: The request.
        send: Its ASGI channel.
        status: HTTP status.
        headers: Names, in lower case, and values; Content-Length is added.
        body: The body; None for HEAD where only ``headers`` have the length.
    """
    if "extensions" in scope and RESPONSE in scope["extensions"]:
        return send({"type": RESPONSE, "status": status, "headers": headers, "body": body})
    return _send_parts(scope, send, status, headers, body)


async def respond(
    scope: Scope,
    send: Send,
    status: int,
    content: bytes,
    media_type: str = "",
    *,
    headers: Iterable[tuple[str, str]] = (),
) -> None:
    """Send a whole response, with headers as text.

    Args:
        scope: The request.
        send: Its ASGI channel.
        status: HTTP status.
        content: The body; empty for none.
        media_type: Its Content-Type; empty for none.
        headers: Further headers.
    """
    encoded = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]
    if media_type:
        encoded.append((b"content-type", media_type.encode("latin-1", "replace")))
    await send_response(scope, send, status, encoded, content)


async def _send_parts(scope: Scope, send: Send, status: int, headers: Headers, body: bytes | None) -> None:
    """Send a response in the two messages of ASGI."""
    complete = [*headers]
    if body is not None and status not in _BODILESS and all(name != b"content-length" for name, _ in headers):
        complete.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": complete})
    has_body = status not in _BODILESS and scope["method"] != "HEAD"
    await send({"type": "http.response.body", "body": body if body and has_body else b""})
