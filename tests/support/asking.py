"""Requests to a router, without a server between."""

from __future__ import annotations

import asyncio
from typing import Any

from naftiko_run.expose import Router
from naftiko_run.expose.exposer import Message
from naftiko_run.expose.leaving import CLIENT
from support.leaving import Leaving


def asked(router: Router, path: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Message:
    """Give the whole answer to a GET; see ``WHOLE``."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError

    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": list(headers),
        CLIENT: Leaving(),
    }
    asyncio.run(router(scope, receive, send))
    return sent[0]
