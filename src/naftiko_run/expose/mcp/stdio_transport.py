"""The stdio transport of MCP: one client, the parent process."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from io import BufferedReader
from typing import Any, cast

import anyio
import mcp_types as types
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from naftiko_run.expose.exposer import StdioServer
from naftiko_run.expose.mcp.jsonrpc import InvalidMessage, ParsedMessage, read_message

_log = logging.getLogger(__name__)

Sender = MemoryObjectSendStream[SessionMessage | Exception]
Receiver = MemoryObjectReceiveStream[SessionMessage]


def build_stdio_transport(server: Server[Any], *, notifies: bool = False) -> StdioServer:
    """Return a callable that serves the client on stdin and stdout; see ``StdioServer``.

    Args:
        server: The SDK's server, with its handlers.
        notifies: Whether the client is notified when a list has changed.
    """
    lists = NotificationOptions(notifies, notifies, notifies)

    async def serve(stop: asyncio.Event, drain: float) -> bool:
        lines = _StdinLines()
        stopper = asyncio.create_task(_end_on_stop(stop, lines))
        try:
            await _serve(server, lines, drain, lists)
        except* (BrokenPipeError, ConnectionResetError):
            _log.info("the client has closed stdout")
        finally:
            stopper.cancel()
        return lines.has_input

    return serve


async def _serve(server: Server[Any], lines: _StdinLines, drain: float, lists: NotificationOptions) -> None:
    # The SDK only iterates over the lines of its stdin.
    async with stdio_server(stdin=cast("anyio.AsyncFile[str]", lines)) as (incoming, outgoing):
        to_server, from_client = anyio.create_memory_object_stream[SessionMessage | Exception]()
        from_server, to_relay = anyio.create_memory_object_stream[SessionMessage]()
        relay = _Relay(outgoing)
        lines.on_invalid = relay.reject
        async with outgoing, anyio.create_task_group() as group:
            group.start_soon(relay.forward_incoming, incoming, to_server, drain)
            group.start_soon(relay.forward_outgoing, to_relay)
            await server.run(from_client, from_server, server.create_initialization_options(lists))


async def _end_on_stop(stop: asyncio.Event, lines: _StdinLines) -> None:
    await stop.wait()
    lines.end()


class _StdinLines:
    """The lines of stdin, until it ends or the server stops.

    A blocking read cannot be cancelled, so a daemon thread reads, which does not delay the exit of the process. Other
    readers of stdin, such as child processes, see an empty input.

    Attributes:
        has_input: Whether any line was read.
        on_invalid: Called with each line that is not a valid message, which is then skipped; None for no callback.
    """

    def __init__(self) -> None:
        self.has_input = False
        self.on_invalid: Callable[[InvalidMessage], Awaitable[None]] | None = None
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        stdin = sys.stdin.fileno()
        source = os.fdopen(os.dup(stdin), "rb")
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, stdin)
        os.close(null)
        threading.Thread(target=self._read, args=(source,), name="stdin", daemon=True).start()

    def end(self) -> None:
        """Yield no lines beyond those that were read."""
        self._queue.put_nowait(b"")

    def __aiter__(self) -> _StdinLines:
        return self

    async def __anext__(self) -> str:
        while line := await self._queue.get():
            self.has_input = True
            if not line.strip():
                continue
            parsed = await read_message(line)
            if isinstance(parsed, ParsedMessage):
                return parsed.content.decode()
            if self.on_invalid is not None:
                await self.on_invalid(parsed)
        raise StopAsyncIteration

    def _read(self, source: BufferedReader) -> None:
        line = b"-"
        with suppress(RuntimeError):  # the event loop is closed
            while line:
                try:
                    line = source.readline()
                except OSError:
                    line = b""
                self._loop.call_soon_threadsafe(self._queue.put_nowait, line)


class _FractionalIdError(types.JSONRPCError):
    """An error response that repeats an ``id`` such as ``1.5``."""

    id: Any


class _Relay:
    """A relay between the SDK's streams and its server.

    The server cancels its work when its input ends, so the relay ends it only after all requests are answered. The
    server also ignores lines that are not valid messages; the relay responds to them with an error.
    """

    def __init__(self, outgoing: MemoryObjectSendStream[SessionMessage]) -> None:
        self._outgoing = outgoing
        self._pending: set[types.RequestId] = set()
        self._changed = asyncio.Event()

    async def forward_incoming(
        self, incoming: MemoryObjectReceiveStream[SessionMessage | Exception], to_server: Sender, drain: float
    ) -> None:
        """Forward messages of the client; at their end, wait up to ``drain`` seconds until all requests are answered."""
        async with to_server:
            async for item in incoming:
                error = _error_for(item)
                if error is not None:
                    await self._outgoing.send(SessionMessage(error))
                elif isinstance(item, SessionMessage):
                    self._track(item.message)
                    await to_server.send(item)
            if self._pending:
                _log.info(
                    "stopping after %d pending requests are answered, within %d s", len(self._pending), drain
                )
            with anyio.move_on_after(drain):
                while self._pending:
                    self._changed.clear()
                    await self._changed.wait()

    async def reject(self, invalid: InvalidMessage) -> None:
        """Respond with an error to a line that is not a valid message."""
        request_id = invalid.request_id
        message = _error(
            request_id if isinstance(request_id, int | str) else None, invalid.code, invalid.text
        )
        if isinstance(request_id, float):  # the SDK's type does not allow it, but the client waits for it
            message = _FractionalIdError.model_construct(jsonrpc="2.0", id=request_id, error=message.error)
        await self._outgoing.send(SessionMessage(message))

    async def forward_outgoing(self, from_server: Receiver) -> None:
        """Forward messages of the server."""
        async with from_server:
            async for item in from_server:
                await self._outgoing.send(item)
                if isinstance(item.message, types.JSONRPCResponse | types.JSONRPCError):
                    self._finish(item.message.id)

    def _track(self, message: types.JSONRPCMessage) -> None:
        if isinstance(message, types.JSONRPCRequest):
            self._pending.add(message.id)
        elif isinstance(message, types.JSONRPCNotification) and message.method == "notifications/cancelled":
            self._finish((message.params or {}).get("requestId"))

    def _finish(self, request_id: types.RequestId | None) -> None:
        if request_id is not None:
            self._pending.discard(request_id)
            self._changed.set()


def _error_for(item: SessionMessage | Exception) -> types.JSONRPCError | None:
    """Return the error response to an item that is not a valid message; None if it is valid."""
    if not isinstance(item, Exception):
        return None
    is_json = isinstance(item, ValidationError) and item.errors()[0]["type"] != "json_invalid"
    if is_json:
        return _error(None, types.INVALID_REQUEST, "Invalid request: this line is not a JSON-RPC message")
    return _error(None, types.PARSE_ERROR, "Parse error: this line is not JSON")


def _error(request_id: types.RequestId | None, code: int, message: str) -> types.JSONRPCError:
    return types.JSONRPCError(jsonrpc="2.0", id=request_id, error=types.ErrorData(code=code, message=message))
