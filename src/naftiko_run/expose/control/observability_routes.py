"""Routes about requests: metrics, and the last traces."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from naftiko_run.expose.control.json_responses import BadRequest, error_response, json_response
from naftiko_run.expose.control.operations import Operations
from naftiko_run.telemetry.trace import Span, Trace

_METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class ObservabilityRoutes:
    """Routes about requests.

    Args:
        operations: The running process.
    """

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def metrics(self, _: Request) -> Response:
        """Return the metrics in the Prometheus text format."""
        telemetry = self._operations.telemetry
        if telemetry is None or telemetry.metrics is None:
            return error_response("Metrics are not collected", 503)
        return Response(
            telemetry.metrics.text(), headers={"cache-control": "no-store", "content-type": _METRICS_TYPE}
        )

    async def traces(self, request: Request) -> Response:
        """Return the last traces, the newest first."""
        telemetry = self._operations.telemetry
        if telemetry is None or telemetry.traces is None:
            return error_response("Traces are not kept", 503)
        query = request.query_params
        operation, status = query.get("operation", ""), query.get("status", "").upper()
        limit = int(_number(query.get("limit"), "limit", telemetry.traces.size))
        shortest = _number(query.get("minDurationMs"), "minDurationMs", 0)
        if status not in ("", "OK", "ERROR"):
            raise BadRequest("`status` is OK or ERROR")
        found = [
            summary
            for trace in telemetry.traces
            if (not operation or operation in (trace.root.name, trace.operation))
            and (summary := _summarize(trace))["durationMs"] >= shortest
            and status in ("", summary["status"])
        ]
        return json_response(
            {
                "traces": found[:limit],
                "bufferSize": telemetry.traces.size,
                "bufferUsed": len(telemetry.traces),
            }
        )

    async def trace(self, request: Request) -> Response:
        """Return one trace with its spans."""
        telemetry = self._operations.telemetry
        if telemetry is None or telemetry.traces is None:
            return error_response("Traces are not kept", 503)
        trace_id = request.path_params["id"]
        trace = telemetry.traces.find(trace_id.lower())
        if trace is None:
            return error_response(f"Trace not found: {trace_id}", 404)
        spans = [_describe(each) for each in (*trace.spans, trace.root)]
        return json_response({**_summarize(trace), "spans": spans})


def _summarize(trace: Trace) -> dict[str, Any]:
    data = {
        "traceId": trace.hex_id,
        "operation": trace.root.name,
        "durationMs": _milliseconds(trace.root),
        "status": _status(trace.root),
        "spanCount": len(trace.spans) + 1,
        "timestamp": _timestamp(trace.root.start),
        "adapter": trace.adapter,
        "function": trace.operation,
        "target": trace.target,
        "error": trace.root.error,
        "requestId": trace.request_id,
    }
    return _without_empty(data)


def _describe(span: Span) -> dict[str, Any]:
    data = {
        "spanId": f"{span.id:016x}",
        "parentSpanId": f"{span.parent_id:016x}" if span.parent_id else "",
        "name": span.name,
        "kind": span.kind,
        "durationMs": _milliseconds(span),
        "status": _status(span),
        "error": span.error,
        "attributes": span.attributes,
    }
    return _without_empty(data)


def _without_empty(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value not in ("", {})}


def _milliseconds(span: Span) -> float:
    return round(span.duration / 1e6, 3)


def _status(span: Span) -> str:
    return "ERROR" if span.error else "OK"


def _timestamp(nanoseconds: int) -> str:
    moment = datetime.fromtimestamp(nanoseconds / 1e9, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _number(text: str | None, name: str, default: float) -> float:
    """Return the number in a query parameter.

    Raises:
        BadRequest: It is not a number of 0 or more.
    """
    if text is None:
        return default
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise BadRequest(f"`{name}` is a number of 0 or more")
    return number
