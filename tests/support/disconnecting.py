"""Clients that leave, for what is asked without a server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Leaving:
    """A client that leaves when it is told to."""

    is_gone: bool = False
    on_leaving: Callable[[], object] | None = None

    def leave(self) -> None:
        """Leave, as the server would tell of it."""
        self.is_gone = True
        assert self.on_leaving is not None
        self.on_leaving()
