"""What an invocation gives, before any protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from naftiko_run import jsontext
from naftiko_run.expressions import MISSING


@dataclass(slots=True)
class Outcome:
    """The answer of a function.

    Attributes:
        status: The upstream's HTTP status; 200 where no upstream was called.
        content: The answer's bytes; the upstream's own where nothing was mapped.
        media_type: Its Content-Type; empty where there is no content.
        headers: The upstream's headers, names in lower case.
    """

    status: int
    content: bytes = field(repr=False)
    media_type: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    _value: Any = field(default=MISSING, repr=False)
    _decoded: bool = field(default=False, repr=False)

    @classmethod
    def of_value(cls, value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Outcome:
        """Make an outcome of a JSON value."""
        return cls(status, jsontext.dumps(value), "application/json", headers, value, _decoded=True)

    @property
    def has_failed(self) -> bool:
        """Whether the upstream did not do what was asked: an error, or a redirect that is not followed."""
        return self.status >= 400 or 300 <= self.status < 400

    @property
    def value(self) -> Any:
        """The answer as JSON, or ``MISSING`` where it is empty or something else."""
        if not self._decoded:
            self._decoded = True
            if self.content:
                try:
                    self._value = jsontext.loads(self.content)
                except ValueError:
                    self._value = MISSING
        return self._value

    @property
    def text(self) -> str:
        """The answer as text; bytes that are not UTF-8 are replaced."""
        return self.content.decode("utf-8", "replace")
