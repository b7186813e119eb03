"""An HTTP upstream on loopback that records every request and answers what a test sets."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from anyio.from_thread import start_blocking_portal

from support.raw_server import raw_server

PATIENCE = 10.0
"""Seconds before a test gives up waiting."""

JSON = (("content-type", "application/json"),)


@dataclass(frozen=True, slots=True)
class Received:
    """One request, as it came off the wire."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def path(self) -> str:
        """The raw path, percent-encoding untouched."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The raw query."""
        return self.target.partition("?")[2]

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)

    def header(self, name: str) -> str:
        """Give a header by its lower-case name; empty where there is none."""
        return next((value for key, value in self.headers if key == name), "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the upstream answers.

    Attributes:
        cut_after: Break the connection off after so many bytes of the body.
    """

    status: int = 200
    body: bytes = b'{"ok": true}'
    headers: tuple[tuple[str, str], ...] = JSON
    cut_after: int | None = None


class Upstream:
    """The upstream: what it received, and what it will answer.

    Attributes:
        url: Where it listens.
        received: Every request since the last ``reset``.
    """

    def __init__(self) -> None:
        self.url = ""
        self.received: list[Received] = []
        self._answer: Answer | Callable[[Received], Answer] = Answer()
        self._changed = threading.Condition()
        self._free = threading.Event()
        self._free.set()

    def reset(self) -> None:
        """Forget every request and answer as at first."""
        self.received = []
        self._answer = Answer()
        self._free.set()

    def answers(self, answer: Answer | Callable[[Received], Answer]) -> None:
        """Set the answer, or what makes it of the request."""
        self._answer = answer

    def answers_json(self, value: Any, status: int = 200) -> None:
        """Answer with a JSON value."""
        self._answer = Answer(status, json.dumps(value).encode())

    @contextmanager
    def held(self) -> Iterator[None]:
        """Answer nobody until the block is left, or ``release`` is called."""
        self._free.clear()
        try:
            yield
        finally:
            self._free.set()

    def release(self) -> None:
        """Answer those who wait."""
        self._free.set()

    def wait_for(self, count: int) -> None:
        """Wait until so many requests came."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.received) >= count, PATIENCE), (
                f"{len(self.received)} requests came, not {count}"
            )

    @property
    def only(self) -> Received:
        """The one request that came."""
        assert len(self.received) == 1, self.received
        return self.received[0]

    @asynccontextmanager
    async def listening(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[Upstream]:
        """Listen on a free port while the context is entered, for HTTPS where there is a certificate."""
        async with raw_server(self._serve, tls) as port:
            self.url = f"http{'s' if tls else ''}://127.0.0.1:{port}"
            yield self
            self.release()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self._exchange(reader, writer):
                pass

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; say whether the connection goes on."""
        request = await _read(reader)
        with self._changed:
            self.received.append(request)
            self._changed.notify_all()
        if not self._free.is_set():
            await asyncio.to_thread(self._free.wait, PATIENCE)
        answer = self._answer(request) if callable(self._answer) else self._answer
        body = b"" if request.method == "HEAD" or answer.status in (204, 304) else answer.body
        writer.write(
            _head(answer, len(answer.body)) + (body if answer.cut_after is None else body[: answer.cut_after])
        )
        await writer.drain()
        return answer.cut_after is None


async def _read(reader: asyncio.StreamReader) -> Received:
    first_byte = await reader.readexactly(1)
    if not first_byte.isalpha():
        raise ConnectionError("this is not HTTP")
    head = (first_byte + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")[:-2]
    method, target, _ = first.split(" ")
    headers = tuple(
        (name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
    )
    if ("transfer-encoding", "chunked") in headers:
        return Received(method, target, headers, await _read_chunks(reader))
    length = next((int(value) for name, value in headers if name == "content-length"), 0)
    return Received(method, target, headers, await reader.readexactly(length))


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    content = b""
    while True:
        length = int(await reader.readline(), 16)
        content += (await reader.readexactly(length + 2))[:-2]
        if not length:
            return content


def _head(answer: Answer, length: int) -> bytes:
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = ""
    lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in answer.headers)]
    if answer.status not in (204, 304):
        lines.append(f"content-length: {length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


@contextmanager
def running_upstream(tls: ssl.SSLContext | None = None) -> Iterator[Upstream]:
    """Run an upstream in a thread of its own, for HTTPS where there is a certificate."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Upstream().listening(tls)) as upstream,
    ):
        yield upstream
