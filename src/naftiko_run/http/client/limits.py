"""Connection limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """The maximum number of connections of a transport; further requests wait for a free one.

    One origin can use at most half of the connections that the others leave free of ``in_all``, so that unresponsive
    origins never use up all connections.

    Attributes:
        to_one: The maximum to one origin.
        in_all: The maximum to all origins together.
        idle: The maximum number of idle connections to one origin that are kept for longer than a moment.
    """

    to_one: int = 256
    in_all: int = 512
    idle: int = 64


DEFAULT_LIMITS: Final = Limits()
