"""Metrics of requests and upstream calls, in the Prometheus text format."""

from __future__ import annotations

from naftiko_run.telemetry.trace import Trace


class Metrics:
    """Counts and times the requests to adapters and to upstreams.

    Attributes:
        in_flight: How many requests have started and not ended.
    """

    def __init__(self) -> None:
        self.in_flight = 0

    def record(self, trace: Trace) -> None:
        """Count the request of a trace, and its upstream calls."""
        raise NotImplementedError

    def text(self) -> str:
        """Return the metrics in the Prometheus text format."""
        raise NotImplementedError
