"""Sizes as options and documents write them, such as ``10MiB``, ``500KB`` or ``1048576``."""

from __future__ import annotations

import math
import re
from typing import Final

SIZE_PATTERN: Final = r"^[0-9]+([.][0-9]+)?\s*([KkMmGg][Ii]?)?[Bb]?$"
_SIZE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmg]i?)?b?", re.IGNORECASE)
_UNITS: Final = {
    "": 1,
    "k": 1000,
    "m": 1000**2,
    "g": 1000**3,
    "ki": 1024,
    "mi": 1024**2,
    "gi": 1024**3,
}


def parse_size(text: str) -> int:
    """Parse a size, in bytes.

    Raises:
        ValueError: It is not a size of at least one byte.
    """
    found = _SIZE.fullmatch(text.strip())
    size = float(found[1]) * _UNITS[(found[2] or "").lower()] if found else 0.0
    if not 1 <= size < math.inf:
        raise ValueError(f"`{text}` is not a size")
    return int(size)
