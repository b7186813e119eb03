"""Export of traces over OTLP, with the exporters of the OpenTelemetry SDK, in a thread of its own."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Literal

from naftiko_run.errors import ConfigurationError
from naftiko_run.telemetry.trace import Span, Trace
from naftiko_run.version import __version__

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter

_log = logging.getLogger(__name__)

Protocol = Literal["http/protobuf", "grpc"]

MAX_QUEUED: Final = 2048
"""The maximum number of traces that wait for their export; further ones are dropped."""
MAX_BATCH: Final = 128
"""The maximum number of traces in one export."""
WARNING_INTERVAL: Final = 60.0
"""How many seconds pass between two warnings about failed exports."""

_DELAY: Final = 1.0
"""How many seconds traces wait for others, so that they are exported together."""
_CLOSE_TIMEOUT: Final = 5.0
_SDK_LOGGERS: Final = ("opentelemetry.exporter", "opentelemetry.sdk")
_MODULES: Final = {
    "http/protobuf": "opentelemetry.exporter.otlp.proto.http",
    "grpc": "opentelemetry.exporter.otlp.proto.grpc",
}
_MAX_REASON: Final = 200


class OtlpExporter:
    """Exports sampled traces. It never blocks and never fails a request: traces are dropped instead, and counted.

    The thread and the connection are made with the first trace, so that each worker process has its own.

    Args:
        protocol: The transport of OTLP.
        endpoint: The URL of the collector in the document; empty for that of the environment.

    Attributes:
        dropped: How many traces could not be exported.

    Raises:
        ConfigurationError: The packages of the extra `otel` are not installed.
    """

    def __init__(self, protocol: Protocol, endpoint: str = "") -> None:
        if not all(_is_installed(each) for each in ("opentelemetry.sdk", _MODULES[protocol])):
            raise ConfigurationError(
                "exporting traces needs packages that are not installed",
                hint="pip install 'naftiko-run[otel]'",
            )
        self._protocol = protocol
        self._endpoint = endpoint
        self._queue: deque[Trace] = deque()
        self._wake = threading.Event()
        self._is_closing = False
        self._thread: threading.Thread | None = None
        self._next_warning = 0.0
        self._reason = ""
        self.dropped = 0

    def record(self, trace: Trace) -> None:
        """Queue a trace, if it is sampled."""
        if not trace.is_sampled:
            return
        if len(self._queue) >= MAX_QUEUED:
            self.dropped += 1
            return
        self._queue.append(trace)
        if self._thread is None and not self._is_closing:
            self._thread = threading.Thread(target=self._run, name="otlp", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Export what is queued, for a few seconds at most, and stop."""
        self._is_closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_CLOSE_TIMEOUT)

    def _run(self) -> None:
        handler = _ReasonHandler(self)
        for name in _SDK_LOGGERS:  # its exporters log each failure; one warning a minute is enough
            logger = logging.getLogger(name)
            logger.addHandler(handler)
            logger.propagate = False
        try:
            exporter, resource = _exporter(self._protocol, self._endpoint), _resource()
        except Exception as error:  # noqa: BLE001 - anything in the environment may be wrong
            self._reason = f"{type(error).__name__}: {error}"
            self._drop_all()
            return
        while not self._is_closing or self._queue:
            self._wake.wait(0 if self._is_closing else _DELAY)
            while self._queue:
                batch = [self._queue.popleft() for _ in range(min(len(self._queue), MAX_BATCH))]
                self._export(exporter, resource, batch)
        exporter.shutdown()

    def _export(self, exporter: SpanExporter, resource: Resource, batch: Sequence[Trace]) -> None:
        from opentelemetry.sdk.trace.export import SpanExportResult

        try:
            spans = [span for trace in batch for span in sdk_spans(trace, resource)]
            if exporter.export(spans) is SpanExportResult.SUCCESS:
                return
        except Exception as error:  # noqa: BLE001 - the thread must go on
            self._reason = f"{type(error).__name__}: {error}"
        self.dropped += len(batch)
        self._warn()

    def _drop_all(self) -> None:
        """Drop every trace: the exporter cannot be made."""
        while not self._is_closing:
            if self._queue:
                self.dropped += len(self._queue)
                self._queue.clear()
                self._warn()
            self._wake.wait(_DELAY)

    def _warn(self) -> None:
        """Warn about failed exports, at most once a minute."""
        now = time.monotonic()
        if now >= self._next_warning:
            self._next_warning = now + WARNING_INTERVAL
            _log.warning("traces cannot be exported: %s (%d dropped so far)", self._reason, self.dropped)

    def set_reason(self, reason: str) -> None:
        """Set why the last export failed."""
        self._reason = reason[:_MAX_REASON]


class _ReasonHandler(logging.Handler):
    """Keeps the last message of the SDK's exporters."""

    def __init__(self, exporter: OtlpExporter) -> None:
        super().__init__(logging.WARNING)
        self._exporter = exporter

    def emit(self, record: logging.LogRecord) -> None:
        self._exporter.set_reason(record.getMessage())


def sdk_spans(trace: Trace, resource: Resource) -> list[ReadableSpan]:
    """Return the spans of a trace as spans of the SDK, with the names of the semantic conventions."""
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

    scope = InstrumentationScope("naftiko_run", __version__)
    state = TraceState.from_header([trace.state]) if trace.state else None
    flags = TraceFlags(TraceFlags.SAMPLED)

    def context(span_id: int, *, is_remote: bool = False) -> SpanContext:
        return SpanContext(trace.id, span_id, is_remote, flags, state)

    def converted(span: Span) -> ReadableSpan:
        is_root = span is trace.root
        attributes: dict[str, Any] = {**span.attributes}
        if is_root:
            attributes |= _root_attributes(trace)
        if span.error:
            attributes["error.type"] = span.error
        has_failed = bool(span.error) and not (is_root and 400 <= trace.status < 500)
        return ReadableSpan(
            _span_name(trace, span),
            context(span.id),
            context(span.parent_id, is_remote=is_root) if span.parent_id else None,
            resource,
            attributes,
            kind=SpanKind[span.kind],
            status=Status(StatusCode.ERROR) if has_failed else Status(StatusCode.UNSET),
            start_time=span.start,
            end_time=span.start + span.duration,
            instrumentation_scope=scope,
        )

    return [converted(span) for span in (trace.root, *trace.spans)]


def _span_name(trace: Trace, span: Span) -> str:
    """Return the name of a span in the semantic conventions: method and route, MCP method and tool, HTTP method."""
    attributes = span.attributes
    method = attributes.get("http.request.method")
    if span.kind == "CLIENT":
        return str(method or span.name)
    if span is not trace.root:
        name = attributes.get("naftiko.function") or attributes.get("naftiko.step")
        return f"{span.name} {name}" if name else span.name
    if mcp_method := attributes.get("mcp.method.name"):
        tool = attributes.get("gen_ai.tool.name")
        return f"{mcp_method} {tool}" if tool else str(mcp_method)
    route = attributes.get("http.route")
    return f"{method} {route}" if method and route else trace.target.partition(" ")[0] or span.name


def _root_attributes(trace: Trace) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "naftiko.adapter.type": trace.adapter,
        "naftiko.request.id": trace.request_id,
    }
    if trace.operation:
        attributes["naftiko.operation"] = trace.operation
    if trace.status:
        attributes["http.response.status_code"] = trace.status
    error = trace.root.error
    if error.startswith("-") and "mcp.method.name" in trace.root.attributes:
        attributes["rpc.response.status_code"] = error
    return attributes


def _exporter(protocol: Protocol, endpoint: str) -> SpanExporter:
    """Return the exporter; what the document does not set comes from the environment."""
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter

        return GrpcExporter(endpoint=endpoint or None)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter

    if endpoint and not endpoint.rstrip("/").endswith("/v1/traces"):
        endpoint = f"{endpoint.rstrip('/')}/v1/traces"
    return HttpExporter(endpoint=endpoint or None)


def _resource() -> Resource:
    """Return the resource of this process; ``OTEL_SERVICE_NAME`` and ``OTEL_RESOURCE_ATTRIBUTES`` take precedence."""
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource

    own = Resource.create(
        {"service.name": "naftiko-run", "service.version": __version__, "process.pid": os.getpid()}
    )
    return own.merge(OTELResourceDetector().detect())


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # a package around it is missing
        return False
