"""Clients that leave, for what is asked without a server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Leaving:
    """A client that leaves when it is told to."""

    is_disconnected: bool = False
    on_disconnect: Callable[[], object] | None = None

    def leave(self) -> None:
        """Leave, as the server would tell of it."""
        self.is_disconnected = True
        assert self.on_disconnect is not None
        self.on_disconnect()
