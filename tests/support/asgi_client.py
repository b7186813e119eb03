"""Requests to an ASGI app in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx

from naftiko_run.expose.exposer import ASGIApp, Receive, Scope, Send
from naftiko_run.expose.response import respond


def client_of(app: ASGIApp, *, root_path: str = "") -> httpx.AsyncClient:
    """Return a client of an app."""
    transport = httpx.ASGITransport(app, root_path=root_path)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


def get(
    app: ASGIApp, path: str, headers: Mapping[str, str] | None = None, *, root_path: str = ""
) -> httpx.Response:
    """Return the response of an app to a GET."""

    async def session() -> httpx.Response:
        async with client_of(app, root_path=root_path) as client:
            return await client.get(path, headers=headers)

    return asyncio.run(session())


def answering(text: str) -> ASGIApp:
    """Return an app that answers with a text."""

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        await respond(scope, send, 200, text.encode())

    return app
