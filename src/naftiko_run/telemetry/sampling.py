"""Head sampling: which traces are exported is decided when a request starts, from the id of its trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_ID_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Sampler:
    """Decides whether a trace is exported, as OpenTelemetry's ``TraceIdRatioBased`` and ``ParentBased`` samplers do.

    Attributes:
        ratio: The share of traces that are exported, from 0 to 1.
        follows_parent: Whether the decision of the caller takes precedence.
    """

    ratio: float = 1.0
    follows_parent: bool = True

    def samples(self, trace_id: int, parent: bool | None) -> bool:  # noqa: FBT001 - the caller's decision
        """Return whether a trace is exported.

        Args:
            trace_id: Its id.
            parent: The decision of the caller; None if there is no caller or it made none.
        """
        if parent is not None and self.follows_parent:
            return parent
        return (trace_id & ((1 << _ID_BITS) - 1)) < round(self.ratio * (1 << _ID_BITS))
