"""Traces are exported over OTLP, to a receiver made with the official messages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, Status

from naftiko_run.errors import ConfigurationError
from naftiko_run.telemetry import Telemetry, Trace, build_telemetry, new_trace, otlp
from naftiko_run.telemetry.otlp import OtlpExporter
from support.documents import SHOP, SHOP_TOKEN, written
from support.mcp_client import call_tool
from support.process import run, started
from support.upstream import PATIENCE, Answer, Received, Upstream, running_upstream

VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_SERVICE_NAME")


class Collector:
    """A receiver of OTLP.

    Attributes:
        exports: What it received.
    """

    def __init__(self) -> None:
        self.exports: list[ResourceSpans] = []
        self._changed = threading.Condition()

    def add(self, request: trace_service_pb2.ExportTraceServiceRequest) -> None:
        """Keep an export."""
        with self._changed:
            self.exports += request.resource_spans
            self._changed.notify_all()

    def wait_for(self, count: int) -> list[Span]:
        """Wait for so many spans, and return them."""

        def found() -> list[Span]:
            return [span for each in self.exports for scope in each.scope_spans for span in scope.spans]

        with self._changed:
            assert self._changed.wait_for(lambda: len(found()) >= count, PATIENCE * 2), found()
        return found()


@contextmanager
def http_collector() -> Iterator[tuple[Collector, str]]:
    """A collector of OTLP over HTTP, and its URL."""
    collector = Collector()

    def answer(request: Received) -> Answer:
        assert request.path == "/v1/traces"
        collector.add(trace_service_pb2.ExportTraceServiceRequest.FromString(request.body))
        return Answer(200, b"", (("content-type", "application/x-protobuf"),))

    with running_upstream() as upstream:
        upstream.answers(answer)
        yield collector, upstream.url


@contextmanager
def grpc_collector() -> Iterator[tuple[Collector, str]]:
    """A collector of OTLP over gRPC, and its URL."""
    collector = Collector()

    class Servicer(trace_service_pb2_grpc.TraceServiceServicer):
        def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 - the name in the protocol
            del context
            collector.add(request)
            return trace_service_pb2.ExportTraceServiceResponse()

    server = grpc.server(futures.ThreadPoolExecutor(1))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(Servicer(), server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield collector, f"http://127.0.0.1:{port}"
    finally:
        server.stop(0).wait()


def values(attributes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    each: KeyValue
    for each in attributes:
        found[each.key] = getattr(each.value, each.value.WhichOneof("value") or "string_value")
    return found


def finished(status: int = 200) -> Trace:
    trace = new_trace("rest.request", "mine")
    trace.adapter, trace.operation, trace.target, trace.status = "rest", "a.b", "GET /things/7", status
    trace.root.attributes = {"http.request.method": "GET", "http.route": "/things/{id}"}
    trace.root.error = "" if status < 400 else str(status)
    trace.root.end()
    return trace


@pytest.mark.parametrize(
    ("collecting", "protocol"),
    [(http_collector, "http/protobuf"), (grpc_collector, "grpc")],
    ids=["http", "grpc"],
)
def test_a_request_is_exported_with_the_semantic_conventions(
    collecting: Any, protocol: str, tmp_path: Path, upstream: Upstream
) -> None:
    with collecting() as (collector, endpoint):
        environment = {
            **SHOP_TOKEN,
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
            "OTEL_SERVICE_NAME": "the-shop",
        }
        document = written(tmp_path, SHOP)
        with started(document, "--base-uri", f"shop={upstream.url}/api", environment=environment) as process:
            response = httpx.get(f"{process.url('rest')}/items/7")
            spans = {each.name: each for each in collector.wait_for(3)}
            upstream.answers_json({}, 503)
            call_tool(process.url("mcp"), "get-item", {"id": "7"}, "legacy")
            spans |= {each.name: each for each in collector.wait_for(3 + 1 + 1 + 3)}
    root, function, client = spans["GET /items/{id}"], spans["function get-item"], spans["GET"]
    assert (root.kind, function.kind, client.kind) == (
        *(Span.SPAN_KIND_SERVER, Span.SPAN_KIND_INTERNAL, Span.SPAN_KIND_CLIENT),
    )
    attributes = values(root.attributes)
    assert attributes["http.route"] == "/items/{id}"
    assert attributes["http.response.status_code"] == 200
    assert attributes["naftiko.request.id"] == response.headers["x-request-id"]
    assert root.status.code == Status.STATUS_CODE_UNSET
    tool = spans["tools/call get-item"]
    assert tool.status.code == Status.STATUS_CODE_ERROR
    assert values(tool.attributes)["error.type"] == "503"
    assert values(tool.attributes)["gen_ai.tool.name"] == "get-item"
    assert client.trace_id == tool.trace_id  # the last one
    assert values(client.attributes)["http.response.status_code"] == 503
    assert client.status.code == Status.STATUS_CODE_ERROR
    assert client.parent_span_id == function.span_id
    resource = values(collector.exports[0].resource.attributes)
    assert (resource["service.name"], resource["deployment.environment.name"]) == ("the-shop", "test")


def test_the_endpoint_of_the_document_is_used() -> None:
    with http_collector() as (collector, endpoint):
        telemetry = build_telemetry({}, [{"exporters": {"otlp": {"endpoint": endpoint}}}])
        telemetry.record(finished())
        (span,) = collector.wait_for(1)
        telemetry.close()
    assert span.name == "GET /things/{id}"


def test_a_fault_of_the_caller_is_no_fault_of_the_server() -> None:
    with http_collector() as (collector, endpoint):
        exporter = OtlpExporter("http/protobuf", endpoint)
        for status in (404, 500):
            exporter.record(finished(status))
        exporter.close()
        spans = collector.wait_for(2)
    assert [each.status.code for each in spans] == [Status.STATUS_CODE_UNSET, Status.STATUS_CODE_ERROR]
    assert [values(each.attributes)["error.type"] for each in spans] == ["404", "500"]


def test_traces_that_are_not_sampled_are_not_exported() -> None:
    with http_collector() as (collector, endpoint):
        exporter = OtlpExporter("http/protobuf", endpoint)
        unsampled = finished()
        unsampled.is_sampled = False
        exporter.record(unsampled)
        exporter.record(finished())
        exporter.close()
        (span,) = collector.wait_for(1)
    assert span.trace_id.hex() != unsampled.hex_id


def test_an_endpoint_that_is_away_fails_no_request_and_gives_one_warning(
    tmp_path: Path, upstream: Upstream
) -> None:
    environment = {
        **SHOP_TOKEN,
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
    }
    arguments = (written(tmp_path, SHOP), "--base-uri", f"shop={upstream.url}/api", "--log-format", "text")
    with started(*arguments, environment=environment) as process:
        url = f"{process.url('rest')}/items/7"
        for _ in range(3):
            assert httpx.get(url).status_code == 200
            process.wait_for(lambda lines: any("cannot be exported" in each for each in lines), "warning")
        warnings = [each for each in process.lines if "warning" in each]
    assert len(warnings) == 1


def test_traces_beyond_the_queue_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp, "MAX_QUEUED", 10)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    with running_upstream() as upstream, upstream.held():
        exporter = OtlpExporter("http/protobuf", upstream.url)
        exporter.record(finished())
        upstream.wait_for(1)  # the thread waits for the response
        for _ in range(25):
            exporter.record(finished())
        assert exporter.dropped == 15
        exporter.close()


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"OTEL_TRACES_SAMPLER": "sometimes"}, "OTEL_TRACES_SAMPLER: `sometimes` is not a sampler"),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"}, "`2` is not a share"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector"}, "not an http or https URL"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"},
            "`http/json` is not supported",
        ),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "`zipkin` is not supported"),
    ],
)
def test_a_variable_that_is_invalid_is_named(environment: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message.replace("(", r"\(")):
        build_telemetry(environment)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"},
    ],
)
def test_nothing_is_exported_unless_it_is_configured(environment: dict[str, str]) -> None:
    assert not build_telemetry(environment).is_on


def test_the_extra_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp, "find_spec", lambda _: None)
    with pytest.raises(ConfigurationError) as refused:
        OtlpExporter("grpc")
    assert refused.value.hint == "pip install 'naftiko-run[otel]'"
    ended = run(
        written(tmp_path, SHOP), environment={**SHOP_TOKEN, "OTEL_EXPORTER_OTLP_ENDPOINT": "ftp://collector"}
    )
    assert ended.returncode == 1
    assert "naftiko-run: error: the OTLP endpoint is not an http or https URL" in ended.stderr


@pytest.mark.parametrize(
    ("environment", "sampling", "share", "with_parent"),
    [
        ({}, None, 1.0, (True, False)),
        ({}, 0.25, 0.25, (True, False)),
        ({"OTEL_TRACES_SAMPLER": "always_off"}, None, 0.0, (False, False)),
        ({"OTEL_TRACES_SAMPLER": "parentbased_always_off"}, 1.0, 0.0, (True, False)),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.5"}, None, 0.5, None),
        (
            {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.5"},
            None,
            0.5,
            (True, False),
        ),
    ],
)
def test_the_decision_is_made_from_the_id_and_the_caller(
    environment: dict[str, str], sampling: float | None, share: float, with_parent: tuple[bool, bool] | None
) -> None:
    telemetry = build_telemetry(environment, [{"traces": {"sampling": sampling}}])
    traces = [telemetry.begin("rest.request", {}) for _ in range(4000)]
    assert sum(each.is_sampled for each in traces) / len(traces) == pytest.approx(share, abs=0.05)
    caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0"
    if with_parent is not None:
        decisions = [
            telemetry.begin("rest.request", {b"traceparent": f"{caller}{flag}".encode()}).is_sampled
            for flag in "10"
        ]
        assert tuple(decisions) == with_parent


def test_no_context_is_continued_without_propagators() -> None:
    caller = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    telemetry: Telemetry = build_telemetry({"OTEL_PROPAGATORS": "none"})
    trace = telemetry.begin("rest.request", {b"traceparent": caller})
    assert (trace.root.parent_id, trace.propagates) == (0, False)
