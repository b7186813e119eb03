"""The last traces, in memory, for the control adapter."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from naftiko_run.telemetry.trace import Trace

DEFAULT_SIZE: Final = 100


class TraceBuffer:
    """A ring buffer of traces.

    Args:
        size: How many traces are kept.

    Attributes:
        size: How many traces are kept.
    """

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        self.size = size
        self._traces: deque[Trace] = deque(maxlen=size)

    def __len__(self) -> int:
        return len(self._traces)

    def __iter__(self) -> Iterator[Trace]:
        """Yield the traces, the newest first."""
        return reversed(self._traces)

    def find(self, trace_id: str) -> Trace | None:
        """Return the trace with an id of 32 hexadecimal digits; None if it is not kept."""
        return next((each for each in self if each.hex_id == trace_id), None)

    def record(self, trace: Trace) -> None:
        """Keep a trace; the oldest one is dropped."""
        self._traces.append(trace)
