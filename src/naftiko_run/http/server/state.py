"""State that the connections of a server share."""

from __future__ import annotations

from uvicorn.server import ServerState


class State(ServerState):
    """uvicorn's server state: its connections, its tasks, and the headers of every response.

    Attributes:
        common: The serialized headers of every response.
    """

    def __init__(self) -> None:
        super().__init__()
        self.common = b""

    def on_tick(self) -> None:
        """Called every second."""
        self.common = b"".join(b"%b: %b\r\n" % header for header in self.default_headers)
        for connection in list(self.connections):
            if on_tick := getattr(connection, "on_tick", None):  # uvicorn's protocol has its own timers
                on_tick()
