"""Routes about logs: their level, and a stream of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from naftiko_run.expose.control.json_responses import BadRequest, error_response, json_response, read_object
from naftiko_run.expose.disconnect import cancel_on_disconnect
from naftiko_run.telemetry.logs import LEVELS, log_level, set_log_level, subscribe

_KEEP_ALIVE_SECONDS: Final = 15.0
"""After so many seconds without a record, a comment is sent, so that proxies keep the connection open."""


class LogRoutes:
    """Routes about logs.

    Args:
        max_body: The maximum size of a request body, in bytes.
        max_subscribers: The maximum number of concurrent streams.
    """

    def __init__(self, max_body: int, max_subscribers: int) -> None:
        self._max_body = max_body
        self._max_subscribers = max_subscribers
        self._subscribers = 0
        self._ended = asyncio.Event()

    async def show(self, _: Request) -> Response:
        """Return the log level."""
        return json_response({"level": log_level(), "levels": [*LEVELS]})

    async def change(self, request: Request) -> Response:
        """Change the log level."""
        changes = await read_object(request, self._max_body)
        level = changes.get("level")
        if changes.keys() != {"level"} or not isinstance(level, str) or level.lower() not in LEVELS:
            raise BadRequest(f'write {{"level": …}} with one of {", ".join(LEVELS)}')
        set_log_level(level.lower())
        return await self.show(request)

    async def stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send log records as server-sent events, until the client disconnects or the server drains."""
        if self._subscribers >= self._max_subscribers:
            message = (
                f"There are {self._max_subscribers} log streams already, the maximum (`max-subscribers`)"
            )
            await error_response(message, 429)(scope, receive, send)
            return
        self._subscribers += 1
        try:
            await cancel_on_disconnect(
                scope, receive, self._send_events(send, is_head=scope["method"] == "HEAD")
            )
        finally:
            self._subscribers -= 1

    def end_streams(self) -> None:
        """End the streams."""
        self._ended.set()

    async def _send_events(self, send: Send, *, is_head: bool) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if not is_head:
            async for event in self._events():
                await send({"type": "http.response.body", "body": event.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _events(self) -> AsyncIterator[str]:
        with subscribe() as records:
            yield ": the log records that are written from now on\n\n"
            ended = asyncio.ensure_future(self._ended.wait())
            received = asyncio.ensure_future(records.get())
            try:
                while not ended.done():
                    await asyncio.wait(
                        (received, ended), timeout=_KEEP_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED
                    )
                    if received.done():
                        yield f"data: {received.result()}\n\n"
                        received = asyncio.ensure_future(records.get())
                    elif not ended.done():
                        yield ": keep-alive\n\n"
            finally:
                ended.cancel()
                received.cancel()
