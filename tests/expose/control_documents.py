"""Documents with a control adapter, the traces that it shows, and metrics that need no requests."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from naftiko_run.telemetry.metrics import Metrics
from naftiko_run.telemetry.telemetry import Telemetry
from naftiko_run.telemetry.trace import Span, Trace, new_trace
from naftiko_run.telemetry.trace_buffer import TraceBuffer

SHOP: Final = """\
ikanos: 1.0.0-beta5
info: {display: Shop, version: 1.4.0}
binds:
- {namespace: env, keys: {SHOP_TOKEN: SHOP_TOKEN}}
capability:
  consumes:
  - namespace: shop
    type: http
    baseUri: https://shop.example
    authentication: {type: bearer, token: '{{SHOP_TOKEN}}'}
    resources: {orders: {path: /orders, operations: {list-orders: {method: GET}}}}
  exposes:
  - type: rest
    namespace: shop-rest
    port: 8080
    resources: [{path: /orders, operations: [{method: GET, call: shop.list-orders}]}]
  - type: mcp
    namespace: shop-mcp
    port: 9090
    tools: {hello: {description: Greet, outputParameters: {text: {type: string, value: Hi}}}}
  - type: control
    port: 9095
"""
GUARDED_REST: Final = SHOP.replace(
    "    namespace: shop-rest\n",
    "    namespace: shop-rest\n    authentication: {type: bearer, token: r-1234567}\n",
)
EVERYTHING: Final = """\
    management:
      info: true
      reload: true
      validate: true
      logs: {stream: true, max-subscribers: 1}
"""
SCRIPTS: Final = """\
ikanos: 1.0.0-beta5
info: {display: Scripts}
capability:
  exposes:
  - type: rest
    namespace: scripts-rest
    port: 8080
    resources:
    - path: /js
      operations:
      - {method: GET, steps: [{type: script, name: run, file: main.js, language: javascript}]}
    - path: /py
      operations:
      - {method: GET, steps: [{type: script, name: run, file: main.py, language: python}]}
  - type: control
    port: 9095
    management: {scripting: {defaultLocation: 'file:///./scripts', timeout: 30000}}
"""
TEXT: Final = "# TYPE naftiko_up gauge\nnaftiko_up 1.0\n"


class CountedElsewhere(Metrics):
    """Metrics that are always the same."""

    def record(self, trace: Trace) -> None:
        """Count nothing."""

    def text(self) -> str:
        """Return the same text."""
        return TEXT


def write_document(folder: Path, text: str) -> Path:
    """Write a document, and the scripts of ``SCRIPTS``."""
    scripts = folder / "scripts"
    scripts.mkdir()
    (scripts / "main.js").write_text("result = 1")
    (scripts / "main.py").write_text("result = 2")
    file = folder / "shop.yaml"
    file.write_text(text)
    return file


def recorded(name: str, milliseconds: float, error: str = "", operation: str = "") -> Trace:
    """Return the trace of a request that called one upstream."""
    trace = new_trace(name, "request-1")
    trace.adapter, trace.operation, trace.target = name.partition(".")[0], operation, "GET /orders"
    trace.root.start = 1_790_000_000_000_000_000
    trace.root.duration = int(milliseconds * 1e6)
    trace.root.error = error
    trace.spans.append(
        Span(
            trace,
            "http.client.GET",
            "CLIENT",
            id=7,
            parent_id=trace.root.id,
            start=trace.root.start,
            duration=3_000_000,
            error=error,
            attributes={"url.full": "https://shop.example/orders"},
        )
    )
    return trace


def telemetry(*traces: Trace) -> Telemetry:
    """Return telemetry with metrics, and with traces in a buffer for 20."""
    buffer = TraceBuffer(20)
    for each in traces:
        buffer.record(each)
    return Telemetry(CountedElsewhere(), buffer)
