"""What servers make of a byte stream: each is given the bytes in memory, and says which requests it saw."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import h11
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from naftiko_run.expose.exposer import Receive, Scope, Send
from naftiko_run.http.server import ClientConnection, State
from serve.streams import End, Request, Stream
from support.memory_transport import MemoryTransport

_STATUS: Final = re.compile(rb"HTTP/1\.1 ([2-5]\d\d)")
_TURNS: Final = 50
"""Of the event loop: more than any stream takes. Nothing waits for a network or for a clock."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a server made of a stream.

    Attributes:
        requests: Those that it has seen whole.
        end: What came after those.
    """

    requests: tuple[Request, ...]
    end: End


def read_with_ours(pieces: Sequence[bytes]) -> Reading:
    """Read a stream with our server."""

    def connect(config: uvicorn.Config) -> asyncio.Protocol:
        return ClientConnection(config, State(), {})

    return asyncio.run(_read(connect, pieces, is_ours=True))


def read_with_uvicorn(pieces: Sequence[bytes]) -> Reading:
    """Read a stream with uvicorn's own protocol."""

    def connect(config: uvicorn.Config) -> asyncio.Protocol:
        return HttpToolsProtocol(config, ServerState(), {})

    return asyncio.run(_read(connect, pieces, is_ours=False))


def read_with_h11(pieces: Sequence[bytes]) -> Reading:
    """Read a stream with h11 as a server that answers each request at once."""
    connection = h11.Connection(h11.SERVER)
    for piece in pieces:
        connection.receive_data(piece)
    requests: list[Request] = []
    request: h11.Request | None = None
    body = b""
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                request, body = event, b""
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                assert request is not None
                requests.append((request.method.decode(), _path_of(request.target), body))
                status = 405 if request.method == b"CONNECT" else 200
                connection.send(h11.Response(status_code=status, headers=[("content-length", "0")]))
                connection.send(h11.EndOfMessage())
                if connection.our_state is not h11.DONE:
                    return Reading(tuple(requests), "closed")
                connection.start_next_cycle()
            else:
                return Reading(tuple(requests), "open")
    except h11.RemoteProtocolError as fault:
        return Reading(tuple(requests), fault.error_status_hint)


def check_agreement(stream: Stream, theirs: Reading, name: str) -> None:
    """Check that a server sees every request that a strict reading sees, or is known not to.

    Where the stream is refused or the connection closed, others may go on.
    """
    count = None if stream.end == "open" else len(stream.requests)
    agrees = theirs.requests[:count] == stream.requests
    assert agrees is (name not in stream.apart), f"{name}: {theirs}"


async def _read(connect: Any, pieces: Sequence[bytes], *, is_ours: bool) -> Reading:
    requests: list[Request] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            if not message.get("more_body"):
                break
        query: bytes = scope["query_string"]
        target = scope["raw_path"] + (b"?" + query if query else b"")
        requests.append((scope["method"], _path_of(target), body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None)
    config.load()
    transport = MemoryTransport(connect(config))
    for piece in pieces:
        transport.receive(piece)
        await asyncio.sleep(0)
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    was_closed = transport.is_closed
    statuses = [int(status) for status in _STATUS.findall(transport.written)]
    transport.end()
    for _ in range(10):
        await asyncio.sleep(0)
    end: End = "closed" if was_closed else "open"
    if statuses and statuses[-1] >= 400:
        end = statuses.pop()
    if is_ours:  # each request has one answer, and whoever is refused is not listened to any more
        assert statuses == [200] * len(requests)
        assert was_closed or end == "open"
    return Reading(tuple(requests), end)


def _path_of(target: bytes) -> str:
    text = target.decode("latin-1")
    if text.startswith("/"):
        return text.partition("#")[0]
    parts = urlsplit(text)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
