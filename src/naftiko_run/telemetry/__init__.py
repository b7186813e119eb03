"""Traces, metrics and logs of requests. Values of bindings never appear in them."""

from naftiko_run.telemetry.configuration import build_telemetry
from naftiko_run.telemetry.document_warnings import DocumentWarning
from naftiko_run.telemetry.logs import (
    LEVELS,
    AccessLog,
    LogFormat,
    configure_logs,
    log_level,
    set_log_level,
    subscribe,
)
from naftiko_run.telemetry.metrics import Metrics
from naftiko_run.telemetry.propagation import SpanContext, parse_traceparent
from naftiko_run.telemetry.telemetry import Telemetry
from naftiko_run.telemetry.trace import (
    SCOPE_KEY,
    Attribute,
    Span,
    Trace,
    TraceSink,
    current_span,
    in_span,
    mark_failed,
    new_trace,
    reset_current_span,
    set_current_span,
    span,
    trace_headers,
)
from naftiko_run.telemetry.trace_buffer import TraceBuffer

__all__ = [
    "LEVELS",
    "SCOPE_KEY",
    "AccessLog",
    "Attribute",
    "DocumentWarning",
    "LogFormat",
    "Metrics",
    "Span",
    "SpanContext",
    "Telemetry",
    "Trace",
    "TraceBuffer",
    "TraceSink",
    "build_telemetry",
    "configure_logs",
    "current_span",
    "in_span",
    "log_level",
    "mark_failed",
    "new_trace",
    "parse_traceparent",
    "reset_current_span",
    "set_current_span",
    "set_log_level",
    "span",
    "subscribe",
    "trace_headers",
]
