"""How many connections there may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """The most connections that a transport opens; who wants another waits for one.

    One origin uses at most half of what the others leave free of ``in_all``: however many origins
    hang, there is something left for the next.

    Attributes:
        to_one: To one origin.
        in_all: To all origins together.
        idle: To one origin that are kept, while nobody uses them, for longer than a moment.
    """

    to_one: int = 256
    in_all: int = 512
    idle: int = 64


DEFAULT_LIMITS: Final = Limits()
