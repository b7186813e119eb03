"""MCP over stdin and stdout: one client, the process that started this one."""

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
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from naftiko_run.expose.exposer import StdioServer
from naftiko_run.expose.mcp.messages import Received, Refused, read_message

_log = logging.getLogger(__name__)

Sender = MemoryObjectSendStream[SessionMessage | Exception]
Receiver = MemoryObjectReceiveStream[SessionMessage]


def pipe_of(server: Server[Any]) -> StdioServer:
    """Give what serves a client of a server on stdin and stdout; see ``StdioServer``."""

    async def serve(stop: asyncio.Event, drain: float) -> bool:
        lines = _Lines()
        ending = asyncio.create_task(_end_at(stop, lines))
        try:
            await _serve(server, lines, drain)
        except* (BrokenPipeError, ConnectionResetError):
            _log.info("the client has closed our stdout")
        finally:
            ending.cancel()
        return lines.came

    return serve


async def _serve(server: Server[Any], lines: _Lines, drain: float) -> None:
    # Iterating over lines is all that the SDK does with its stdin.
    async with stdio_server(stdin=cast("anyio.AsyncFile[str]", lines)) as (incoming, outgoing):
        to_server, of_client = anyio.create_memory_object_stream[SessionMessage | Exception]()
        of_server, to_relay = anyio.create_memory_object_stream[SessionMessage]()
        relay = _Relay(outgoing)
        lines.on_refused = relay.refuse
        async with outgoing, anyio.create_task_group() as group:
            group.start_soon(relay.inward, incoming, to_server, drain)
            group.start_soon(relay.outward, to_relay)
            await server.run(of_client, of_server, server.create_initialization_options())


async def _end_at(stop: asyncio.Event, lines: _Lines) -> None:
    await stop.wait()
    lines.end()


class _Lines:
    """The lines of stdin, until its end or ours.

    Nothing ends a thread that reads, so that one of its own does: it stops nobody from leaving. What reads
    stdin besides, such as a child process, finds it empty.

    Attributes:
        came: Whether there was any.
        on_refused: Called with each line that is no message, which is then passed over; None for nothing.
    """

    def __init__(self) -> None:
        self.came = False
        self.on_refused: Callable[[Refused], Awaitable[None]] | None = None
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        stdin = sys.stdin.fileno()
        wire = os.fdopen(os.dup(stdin), "rb")
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, stdin)
        os.close(nothing)
        threading.Thread(target=self._read, args=(wire,), name="stdin", daemon=True).start()

    def end(self) -> None:
        """Give no more lines than have come."""
        self._queue.put_nowait(b"")

    def __aiter__(self) -> _Lines:
        return self

    async def __anext__(self) -> str:
        while line := await self._queue.get():
            self.came = True
            if not line.strip():
                continue
            received = await read_message(line)
            if isinstance(received, Received):
                return received.content.decode()
            if self.on_refused is not None:
                await self.on_refused(received)
        raise StopAsyncIteration

    def _read(self, wire: BufferedReader) -> None:
        line = b"-"
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            while line:
                try:
                    line = wire.readline()
                except OSError:
                    line = b""
                self._loop.call_soon_threadsafe(self._queue.put_nowait, line)


class _Unusual(types.JSONRPCError):
    """An error that repeats an ``id`` such as ``1.5``."""

    id: Any


class _Relay:
    """What stands between the SDK's streams and its server.

    The server cancels what it does when its client has no more to say. Here that reaches it once all is
    answered; and what is no message of the protocol, which it passes over in silence, is answered here.
    """

    def __init__(self, outgoing: MemoryObjectSendStream[SessionMessage]) -> None:
        self._outgoing = outgoing
        self._open: set[types.RequestId] = set()
        self._changed = asyncio.Event()

    async def inward(
        self, incoming: MemoryObjectReceiveStream[SessionMessage | Exception], to_server: Sender, drain: float
    ) -> None:
        """Pass on what the client says; at its end wait, for so many seconds, until all is answered."""
        async with to_server:
            async for item in incoming:
                refused = _refusal(item)
                if refused is not None:
                    await self._outgoing.send(SessionMessage(refused))
                elif isinstance(item, SessionMessage):
                    self._note(item.message)
                    await to_server.send(item)
            if self._open:
                _log.info("stopping once %d requests are answered, in %d s at most", len(self._open), drain)
            with anyio.move_on_after(drain):
                while self._open:
                    self._changed.clear()
                    await self._changed.wait()

    async def refuse(self, refused: Refused) -> None:
        """Answer a line that is no message."""
        known = refused.request_id
        message = _error(known if isinstance(known, int | str) else None, refused.code, refused.text)
        if isinstance(known, float):  # which the SDK's type has no place for, and the client waits for
            message = _Unusual.model_construct(jsonrpc="2.0", id=known, error=message.error)
        await self._outgoing.send(SessionMessage(message))

    async def outward(self, of_server: Receiver) -> None:
        """Pass on what the server says."""
        async with of_server:
            async for item in of_server:
                await self._outgoing.send(item)
                if isinstance(item.message, types.JSONRPCResponse | types.JSONRPCError):
                    self._close(item.message.id)

    def _note(self, message: types.JSONRPCMessage) -> None:
        if isinstance(message, types.JSONRPCRequest):
            self._open.add(message.id)
        elif isinstance(message, types.JSONRPCNotification) and message.method == "notifications/cancelled":
            self._close((message.params or {}).get("requestId"))

    def _close(self, request: types.RequestId | None) -> None:
        if request is not None:
            self._open.discard(request)
            self._changed.set()


def _refusal(item: SessionMessage | Exception) -> types.JSONRPCError | None:
    """Give the answer to what is no message of the protocol; None for what is one."""
    if not isinstance(item, Exception):
        return None
    is_json = isinstance(item, ValidationError) and item.errors()[0]["type"] != "json_invalid"
    if is_json:
        return _error(None, types.INVALID_REQUEST, "Invalid request: this is no JSON-RPC message")
    return _error(None, types.PARSE_ERROR, "Parse error: this line is no JSON")


def _error(request: types.RequestId | None, code: int, message: str) -> types.JSONRPCError:
    return types.JSONRPCError(jsonrpc="2.0", id=request, error=types.ErrorData(code=code, message=message))
