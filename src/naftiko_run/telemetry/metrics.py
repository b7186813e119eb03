"""Metrics of requests and upstream calls, in the Prometheus text format."""

from __future__ import annotations

from naftiko_run.telemetry.trace import Trace


class Metrics:
    """Counts and times the requests to adapters and to upstreams."""

    def record(self, trace: Trace) -> None:
        """Count the request of a trace, and its upstream calls."""
        raise NotImplementedError

    def text(self) -> str:
        """Return the metrics in the Prometheus text format."""
        raise NotImplementedError
