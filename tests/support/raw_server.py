"""Servers whose side of a connection a test speaks itself."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_ACCEPT_STEPS = 5
"""How many rounds of the event loop it takes until an accepted connection has its handler."""


@asynccontextmanager
async def raw_server(speak: Speak, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Listen on a free port while the context is entered; give the port.

    At the end every connection is closed. asyncio's own server forgets one whose handler is cancelled before it
    began, and leaves closing the others to their handlers.

    Args:
        speak: Handles a connection, which is closed when it returns.
        tls: What TLS is spoken with; None for none.
    """
    connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await speak(reader, writer)

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(handle(reader, writer))
        connections[task] = writer
        task.add_done_callback(finish)

    def finish(task: asyncio.Task[None]) -> None:
        connections.pop(task).close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for _ in range(_ACCEPT_STEPS):
            await asyncio.sleep(0)
        writers = [*connections.values()]
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)
