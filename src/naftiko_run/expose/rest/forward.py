"""A forward over REST: bodies stream both ways, and never lie in memory whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from naftiko_run.errors import InvocationError
from naftiko_run.expose.body import Disconnected
from naftiko_run.expose.disconnect import cancel_on_disconnect
from naftiko_run.expose.exposer import Message, Receive, Scope, Send
from naftiko_run.expose.paths import raw_path_of
from naftiko_run.expose.problems import problem_of
from naftiko_run.expose.rest.answer import check_status, relay
from naftiko_run.expressions import PathTemplate
from naftiko_run.invoke import Forwarder


class ForwardEndpoint:
    """Answers every request below a path with the upstream's answer.

    Args:
        forward: Passes requests on.
        path: The path; what follows takes the place of ``{path}`` at its end, where it has that.
    """

    __slots__ = ("_depth", "_forward")

    def __init__(self, forward: Forwarder, path: PathTemplate) -> None:
        self._forward = forward
        self._depth = path.text.rstrip("/").count("/") - (1 if path.variables[-1:] == ("path",) else 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        below = raw_path_of(scope).split("/")[self._depth + 1 :]
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        has_body = any(name in ("content-length", "transfer-encoding") for name, _ in headers)
        body_read = asyncio.Event()

        async def receive_after_body() -> Message:
            if has_body:
                await body_read.wait()
            return await receive()

        try:
            sending = self._forward.send(
                scope["method"],
                "".join(f"/{segment}" for segment in below),
                scope["query_string"].decode("latin-1"),
                headers,
                _chunks(receive, body_read) if has_body else None,
            )
            response = await cancel_on_disconnect(scope, receive_after_body, sending)
        except InvocationError as fault:
            await problem_of(fault).send(scope, send)
            return
        except Disconnected:
            return
        try:
            check_status(response.status)
            kept = [
                (name.encode("latin-1"), value.encode("latin-1", "replace"))
                for name, value in response.headers
                if self._forward.passes_back(name)
            ]
            await send({"type": "http.response.start", "status": response.status, "headers": kept})
            await relay(response.chunks, scope, receive_after_body, send)
        finally:
            await response.aclose()


async def _chunks(receive: Receive, read: asyncio.Event) -> AsyncIterator[bytes]:
    """Yield the body of a request as it comes, and set an event once all of it is read.

    Raises:
        Disconnected: The client went away.
    """
    has_more = True
    while has_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        has_more = message.get("more_body", False)
        if not has_more:
            read.set()
        if message.get("body"):
            yield message["body"]
