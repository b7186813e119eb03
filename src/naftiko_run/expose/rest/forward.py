"""Forward requests below a path to an upstream; bodies are streamed in both directions."""

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
from naftiko_run.header_values import decode_header_value, encode_header_value
from naftiko_run.invoke import Forwarder


class ForwardEndpoint:
    """Responds to every request below a path with the response of the upstream.

    Args:
        forward: Forwards the requests.
        path: The path; a ``{path}`` at its end matches all remaining segments.
    """

    __slots__ = ("_depth", "_forward")

    def __init__(self, forward: Forwarder, path: PathTemplate) -> None:
        self._forward = forward
        self._depth = path.text.rstrip("/").count("/") - (1 if path.variables[-1:] == ("path",) else 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        below = raw_path_of(scope).split("/")[self._depth + 1 :]
        headers = [(name.decode("latin-1"), decode_header_value(value)) for name, value in scope["headers"]]
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
        except InvocationError as error:
            await problem_of(error).send(scope, send)
            return
        except Disconnected:
            return
        try:
            check_status(response.status)
            response_headers = [
                (name.encode("latin-1"), encode_header_value(value))
                for name, value in response.headers
                if self._forward.passes_back(name)
            ]
            await send(
                {"type": "http.response.start", "status": response.status, "headers": response_headers}
            )
            await relay(response.chunks, scope, receive_after_body, send)
        finally:
            await response.aclose()


async def _chunks(receive: Receive, read: asyncio.Event) -> AsyncIterator[bytes]:
    """Yield the chunks of a request body as they arrive, and set an event once it is complete.

    Raises:
        Disconnected: The client disconnected.
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
