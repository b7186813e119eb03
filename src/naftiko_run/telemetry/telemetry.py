"""What a process records of its requests, and where."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from naftiko_run.telemetry.metrics import Metrics
from naftiko_run.telemetry.propagation import SpanContext, read_context, read_request_id
from naftiko_run.telemetry.sampling import Sampler
from naftiko_run.telemetry.trace import Trace, TraceSink, new_request_id, new_trace
from naftiko_run.telemetry.trace_buffer import TraceBuffer

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Telemetry:
    """The sinks of traces.

    Attributes:
        metrics: The metrics; None if they are not collected.
        traces: The last traces; None if they are not kept.
        sinks: Further sinks, such as the access log and an exporter.
        sampler: Decides which traces are exported.
        propagates: Whether traces of callers are continued, and passed on to upstreams.
        is_needed: Whether requests are traced although nothing records them: only log records refer to them.
    """

    metrics: Metrics | None = None
    traces: TraceBuffer | None = None
    sinks: list[TraceSink] = field(default_factory=list)
    sampler: Sampler = field(default_factory=Sampler)
    propagates: bool = True
    is_needed: bool = False
    _failed_sinks: set[str] = field(default_factory=set)

    @property
    def is_on(self) -> bool:
        """Whether requests are traced."""
        # A buffer is empty, and false, before the first request.
        return self.metrics is not None or self.traces is not None or bool(self.sinks) or self.is_needed

    def begin(self, name: str, headers: Mapping[bytes, bytes]) -> Trace:
        """Return the trace of a request that starts now.

        Args:
            name: The name of its root span.
            headers: The headers of the request, by lower-case name.
        """
        trace = new_trace(name, read_request_id(headers) or new_request_id())
        trace.propagates = self.propagates
        context = read_context(headers) if self.propagates else None
        if context is None:
            trace.is_sampled = self.sampler.samples(trace.id, None)
        else:
            self.join(trace, context)
        if self.metrics is not None:
            self.metrics.in_flight += 1
        return trace

    def join(self, trace: Trace, context: SpanContext) -> None:
        """Make a trace that has just started a part of the caller's trace."""
        if self.propagates:
            trace.join(context, is_sampled=self.sampler.samples(context.trace_id, context.is_sampled))

    def record(self, trace: Trace) -> None:
        """Record the trace of a request that has ended; never raises an exception."""
        if self.metrics is not None:
            self.metrics.record(trace)
        if self.traces is not None:
            self.traces.record(trace)
        for sink in self.sinks:
            try:
                sink.record(trace)
            except Exception as error:  # noqa: BLE001 - a sink must not break a request
                self._report(sink, error)

    def close(self) -> None:
        """Close the sinks that can be closed; may block for a few seconds."""
        for sink in self.sinks:
            close = getattr(sink, "close", None)
            if close is not None:
                close()

    def _report(self, sink: TraceSink, error: Exception) -> None:
        """Log the first failure of a sink."""
        name = type(sink).__name__
        if name not in self._failed_sinks:
            self._failed_sinks.add(name)
            _log.warning("%s cannot record requests: %s", name, type(error).__name__)
