"""Send complete responses: in one message where the server supports it, else in the two messages of ASGI."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Iterable, Sequence
from typing import Final

from naftiko_run.expose.exposer import Scope, Send

RESPONSE: Final = sys.intern("naftiko.http.response")  # interned as in the server: makes lookups fast
"""The ASGI extension of servers that accept a complete response in one message, and the type of that message.

The message has ``status``, ``headers`` and ``body``. ``body`` is None for HEAD if the length is only in ``headers``.
"""

_BODILESS: Final = frozenset({204, 304})

Headers = Sequence[tuple[bytes, bytes]]


def send_response(
    scope: Scope, send: Send, status: int, headers: Headers, body: bytes | None
) -> Awaitable[None]:
    """Send a complete response.

    Args:
        scope: The ASGI scope of the request.
        send: The ASGI send callable.
        status: HTTP status.
        headers: Lower-case names and values; Content-Length is added.
        body: The body; None for HEAD if the length is only in ``headers``.
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
    """Send a complete response, with headers as text.

    Args:
        scope: The ASGI scope of the request.
        send: The ASGI send callable.
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
    """Send a response in two ASGI messages."""
    complete = [*headers]
    if body is not None and status not in _BODILESS and all(name != b"content-length" for name, _ in headers):
        complete.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": complete})
    has_body = status not in _BODILESS and scope["method"] != "HEAD"
    await send({"type": "http.response.body", "body": body if body and has_body else b""})
