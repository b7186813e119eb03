"""The ceiling: an ASGI app that does nothing but answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from benchmarks.answers import TRACKED

_HEADERS: Final = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(TRACKED)).encode()),
]


async def app(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Any]],  # noqa: ARG001 - ASGI's form
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """Answer what the upstream would."""
    if scope["type"] != "http":
        raise NotImplementedError
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": TRACKED})
