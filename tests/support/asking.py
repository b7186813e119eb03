"""Requests to a router, without a server between."""

from __future__ import annotations

import asyncio
from typing import Any

from naftiko_run.expose import Router
from naftiko_run.expose.disconnect import CLIENT
from naftiko_run.expose.exposer import ASGIApp, Message, Receive, Scope, Send
from naftiko_run.expose.problems import respond
from support.disconnecting import Leaving


def asked(
    router: Router, path: str, headers: tuple[tuple[bytes, bytes], ...] = (), *, query: str = ""
) -> Message:
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
        "query_string": query.encode(),
        "headers": list(headers),
        CLIENT: Leaving(),
    }
    asyncio.run(router(scope, receive, send))
    return sent[0]


def telling(text: str) -> ASGIApp:
    """Give an app that answers with a text."""

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await respond(send, 200, text.encode())

    return app
