"""What the connections of a server share."""

from __future__ import annotations

from uvicorn.server import ServerState


class State(ServerState):
    """uvicorn's state of a server: its connections, its tasks, the headers that all answers have.

    Attributes:
        common: Those headers, as they go over the wire.
    """

    def __init__(self) -> None:
        super().__init__()
        self.common = b""

    def on_tick(self) -> None:
        """Called every second."""
        self.common = b"".join(b"%b: %b\r\n" % header for header in self.default_headers)
        for connection in list(self.connections):
            if on_tick := getattr(connection, "on_tick", None):  # uvicorn's own have timers
                on_tick()
