"""One end of a connection without a network: what a protocol writes is kept."""

from __future__ import annotations

import asyncio
from typing import Any


class MemoryTransport(asyncio.Transport):
    """A transport whose peer is the test.

    Args:
        protocol: Receives what the test sends.

    Attributes:
        written: Everything that the protocol sent.
        is_closed: Whether it has closed the connection, or its own side of it.
    """

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._protocol = protocol
        self._unread: list[bytes] = []
        self._is_paused = False
        self.written = b""
        self.is_closed = False
        protocol.connection_made(self)

    def receive(self, data: bytes) -> None:
        """Let the protocol receive data, as soon as it reads."""
        self._unread.append(data)
        self._deliver()

    def end(self) -> None:
        """Close the connection from the test's side."""
        self._unread.clear()
        self.is_closed = True
        self._protocol.connection_lost(None)

    def _deliver(self) -> None:
        while self._unread and not (self._is_paused or self.is_closed):
            self._protocol.data_received(self._unread.pop(0))

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Keep what is sent."""
        if not self.is_closed:
            self.written += data

    def pause_reading(self) -> None:
        """Let what comes wait."""
        self._is_paused = True

    def resume_reading(self) -> None:
        """Deliver what waits."""
        self._is_paused = False
        self._deliver()

    def is_reading(self) -> bool:
        """Return whether data is delivered."""
        return not self._is_paused

    def close(self) -> None:
        """End the connection."""
        self.is_closed = True

    def abort(self) -> None:
        """End the connection."""
        self.is_closed = True

    def write_eof(self) -> None:
        """End our side of the connection."""
        self.is_closed = True

    def can_write_eof(self) -> bool:
        """Return whether one side can be ended alone."""
        return True

    def is_closing(self) -> bool:
        """Return whether the connection has ended."""
        return self.is_closed

    def get_write_buffer_size(self) -> int:
        """Return how much waits to be sent: nothing."""
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Ignore the limits: everything is sent at once."""

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Change who receives."""
        assert isinstance(protocol, asyncio.Protocol)
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return who receives."""
        return self._protocol
