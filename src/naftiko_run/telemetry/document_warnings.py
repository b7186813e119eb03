"""Warnings about requests and responses that do not have what a document says; each at most once a minute."""

from __future__ import annotations

import logging
import time
from collections.abc import Sized
from dataclasses import dataclass
from typing import Any, Final

from naftiko_run.diagnostics import Place

_log = logging.getLogger(__name__)

INTERVAL: Final = 60.0
"""How many seconds pass between two warnings about one place."""

_SIZED: Final[tuple[tuple[type[Sized], str, str], ...]] = (
    (dict, "an object with", "member"),
    (list, "an array of", "element"),
    (str, "a string of", "character"),
)


@dataclass(slots=True)
class DocumentWarning:
    """A warning about one place in a document, and one kind of fault.

    Attributes:
        place: The place.
        text: What is wrong: a format with the arguments and, last, what was found instead.
        arguments: The arguments of the text.
    """

    place: Place
    text: str
    arguments: tuple[str, ...] = ()
    _next_time: float = 0.0
    _suppressed: int = -1

    def warn(self, found: Any) -> None:
        """Log what was found instead by its type and size, never its value; see ``log``."""
        self.log(describe_value(found))

    def log(self, found: str) -> None:
        """Log the warning the first time, then at most once a minute with the number of times.

        Args:
            found: What was found instead.
        """
        now = time.monotonic()
        if self._suppressed >= 0 and now < self._next_time:
            self._suppressed += 1
            return
        again = f" ({self._suppressed + 1:,} times since the last warning)" if self._suppressed > 0 else ""
        self._next_time, self._suppressed = now + INTERVAL, 0
        prefix = f"{self.place}: " if self.place.file else ""
        place = {"file": self.place.file, "line": self.place.line} if self.place.file else {}
        message = self.text.format(*self.arguments, found)
        _log.warning("%s%s%s", prefix, message, again, extra={"fields": place})


def describe_value(value: Any) -> str:
    """Return the JSON type and the size of a value, without its content."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "a boolean"
    for kind, words, counted in _SIZED:
        if isinstance(value, kind):
            return f"{words} {len(value):,} {counted}{'' if len(value) == 1 else 's'}"
    return "a number" if isinstance(value, int | float) else "nothing"
