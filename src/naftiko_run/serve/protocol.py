"""uvicorn's protocol, with answers written at once: head and body in one system call, and in one packet."""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_BEGIN: Final = b"HTTP/1.1 "
_SMALL: Final = 64 * 1024
"""A body up to this is joined to its head by copying it."""


class WholeAnswers(HttpToolsProtocol):
    """Speaks HTTP/1.1 with one client."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        """Take a new connection."""
        super().connection_made(transport)
        self.transport = cast("asyncio.Transport", _JoinedWrites(transport))


class _JoinedWrites:
    """A transport that keeps the head of an answer back until its body follows, or the next turn of the loop comes.

    Args:
        transport: Writes.
    """

    __slots__ = ("_head", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def write(self, data: bytes) -> None:
        """Write some of an answer."""
        if self._head:
            head, self._head = self._head, b""
            if len(data) < _SMALL:
                self._transport.write(head + data)
            else:
                self._transport.writelines((head, data))
        elif data.startswith(_BEGIN):
            self._head = data
            asyncio.get_running_loop().call_soon(self._flush)
        elif data:
            self._transport.write(data)

    def close(self) -> None:
        """Close the connection, once everything is written."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            if not self._transport.is_closing():
                self._transport.write(head)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
