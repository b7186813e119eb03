"""What a process records of its requests, and where."""

from __future__ import annotations

from dataclasses import dataclass, field

from naftiko_run.telemetry.metrics import Metrics
from naftiko_run.telemetry.trace import Trace, TraceSink
from naftiko_run.telemetry.trace_buffer import TraceBuffer


@dataclass(slots=True)
class Telemetry:
    """The sinks of traces.

    Attributes:
        metrics: The metrics; None if they are not collected.
        traces: The last traces; None if they are not kept.
        sinks: Further sinks, such as the access log and an exporter.
    """

    metrics: Metrics | None = None
    traces: TraceBuffer | None = None
    sinks: list[TraceSink] = field(default_factory=list)

    @property
    def is_on(self) -> bool:
        """Whether requests are traced."""
        return bool(self.metrics or self.traces or self.sinks)

    def record(self, trace: Trace) -> None:
        """Record the trace of a request that has ended."""
        if self.metrics is not None:
            self.metrics.record(trace)
        if self.traces is not None:
            self.traces.record(trace)
        for sink in self.sinks:
            sink.record(trace)
