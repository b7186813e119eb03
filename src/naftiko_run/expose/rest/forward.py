"""A forward over REST: bodies stream both ways, and never lie in memory whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from naftiko_run.errors import InvocationError
from naftiko_run.expose.body import Disconnected
from naftiko_run.expose.exposer import Message, Receive, Scope, Send
from naftiko_run.expose.leaving import while_there
from naftiko_run.expose.problems import problem_of
from naftiko_run.expose.rest.answer import relay
from naftiko_run.expressions import PathTemplate
from naftiko_run.invoke import Forward


class ForwardEndpoint:
    """Answers every request below a path with the upstream's answer.

    Args:
        forward: Passes requests on.
        path: The path; what follows takes the place of ``{path}`` at its end, where it has that.
    """

    __slots__ = ("_depth", "_forward")

    def __init__(self, forward: Forward, path: PathTemplate) -> None:
        self._forward = forward
        self._depth = path.text.rstrip("/").count("/") - (1 if path.variables[-1:] == ("path",) else 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        raw: str = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        below = raw.split("/")[self._depth + 1 :]
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        has_body = any(name in ("content-length", "transfer-encoding") for name, _ in headers)
        incoming = _Incoming(receive, has_body=has_body)
        try:
            sending = self._forward.send(
                scope["method"],
                "".join(f"/{segment}" for segment in below),
                scope["query_string"].decode("latin-1"),
                headers,
                incoming.chunks() if has_body else None,
            )
            response = await while_there(incoming.receive_after_body, sending)
        except InvocationError as fault:
            await problem_of(fault).send(send)
            return
        except Disconnected:
            return
        try:
            kept = [
                (name.encode("latin-1"), value.encode("latin-1", "replace"))
                for name, value in response.headers
                if self._forward.passes_back(name)
            ]
            await send({"type": "http.response.start", "status": response.status, "headers": kept})
            await relay(response.chunks, incoming.receive, send)
        finally:
            await response.aclose()


class _Incoming:
    """The caller's side of an exchange: its body first, then whether it is still there.

    Attributes:
        receive: Its ASGI channel.
    """

    def __init__(self, receive: Receive, *, has_body: bool) -> None:
        self.receive = receive
        self._more = has_body
        self._over = asyncio.Event()

    async def receive_after_body(self) -> Message:
        """Give what comes once the body is over: one that is being read tells by itself of a sender who is gone."""
        if self._more:
            await self._over.wait()
        return await self.receive()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Give the body as it comes.

        Raises:
            Disconnected: The client went away.
        """
        while self._more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            self._more = message.get("more_body", False)
            if not self._more:
                self._over.set()
            if message.get("body"):
                yield message["body"]
