"""A client that speaks to one app over a connection, and tells the server that time has passed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn

from naftiko_run.expose.exposer import ASGIApp, Receive, Scope, Send
from naftiko_run.expose.response import RESPONSE
from naftiko_run.http.server import ClientConnection, State
from support.upstream import PATIENCE


@dataclass
class Talk:
    """A client's connection to an app."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    state: State

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def all(self) -> bytes:
        """Read until the server closes."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read(-1)

    async def answer(self) -> bytes:
        """Read one answer whose body has a length; give its body."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            return await self.reader.readexactly(int(length))

    def pass_seconds(self, seconds: int) -> None:
        for _ in range(seconds):
            self.state.on_tick()


@asynccontextmanager
async def talking(app: ASGIApp) -> AsyncIterator[Talk]:
    """Connect to an app."""
    state = State()
    config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None)
    config.load()
    server = await asyncio.get_running_loop().create_server(
        lambda: ClientConnection(config, state, {}), "127.0.0.1"
    )
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            await until(
                lambda: bool(state.connections)
            )  # else the loop may end while this one is being accepted
            yield Talk(reader, writer, state)
        finally:
            writer.close()
        await until(lambda: not (state.connections or state.tasks))


async def answer(send: Send, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": RESPONSE, "status": 200, "headers": headers, "body": body})


async def at_once(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's form
    """Answer without reading the request's body."""
    await answer(send, b"done")


async def echo(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's form
    """Answer with the request's body."""
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            await answer(send, body)
            return


async def until(is_true: Callable[[], bool]) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(PATIENCE):
        while not is_true():  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0)
