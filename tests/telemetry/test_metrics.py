"""Metrics as Prometheus reads them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from naftiko_run import Settings
from naftiko_run.consume import HttpTransport, OutgoingRequest, connection_counts, shared_connections
from naftiko_run.telemetry import Metrics, Telemetry, new_trace
from naftiko_run.telemetry import metrics as module
from naftiko_run.version import __version__
from support.documents import SHOP_TOKEN, written
from support.mcp_client import call_tool, error_of_call, list_tools, run_async
from support.server import Served, serving
from support.upstream import Upstream
from telemetry.conftest import DOCUMENT, Sink

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(1, connection_counts)


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def served(tmp_path: Path, upstream: Upstream, metrics: Metrics, sink: Sink) -> Iterator[Served]:
    settings = Settings({"shop": f"{upstream.url}/api"}, environment=SHOP_TOKEN)
    telemetry = Telemetry(metrics, sinks=[sink])  # records after the metrics
    with serving(written(tmp_path, DOCUMENT), settings=settings, telemetry=telemetry) as served:
        yield served


def samples(metrics: Metrics) -> Samples:
    families = text_string_to_metric_families(metrics.text())
    return {
        (each.name, frozenset(each.labels.items())): each.value
        for family in families
        for each in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return samples(metrics).get((name, frozenset(labels.items())))


def test_requests_are_counted_by_operation_and_status(
    served: Served, upstream: Upstream, metrics: Metrics, sink: Sink
) -> None:
    url = served.url("rest")
    httpx.get(f"{url}/items/7")
    httpx.get(f"{url}/items/8")
    upstream.answers_json({}, 503)
    httpx.get(f"{url}/items/7")
    call_tool(served.url("mcp"), "get-item", {"id": "7"})
    sink.wait_for_count(3, "shop-rest.get-item")
    sink.wait_for_count(1, "shop-mcp.get-item")
    rest = {"adapter": "rest", "operation": "shop-rest.get-item"}
    mcp = {"adapter": "mcp", "operation": "shop-mcp.get-item"}
    assert value(metrics, "naftiko_requests_total", **rest, status="200") == 2
    assert value(metrics, "naftiko_requests_total", **rest, status="503") == 1
    assert value(metrics, "naftiko_requests_total", **mcp, status="error") == 1
    assert value(metrics, "naftiko_request_errors_total", **rest, error="503") == 1
    assert value(metrics, "naftiko_request_errors_total", **mcp, error="503") == 1
    assert value(metrics, "naftiko_request_duration_seconds_count", **rest) == 3
    upstream_labels = {"operation": "shop.get-item", "method": "GET"}
    assert value(metrics, "naftiko_upstream_requests_total", **upstream_labels, status="200") == 2
    assert value(metrics, "naftiko_upstream_requests_total", **upstream_labels, status="503") == 2
    assert value(metrics, "naftiko_upstream_request_duration_seconds_count", operation="shop.get-item") == 4


def test_steps_are_timed_by_type(served: Served, upstream: Upstream, metrics: Metrics, sink: Sink) -> None:
    upstream.answers_json({"name": "hat"})
    httpx.get(f"{served.url('rest')}/both/7")
    sink.wait_for_count(1, "shop-rest.get-both")
    labels = {"operation": "shop-rest.get-both", "type": "call"}
    assert value(metrics, "naftiko_step_duration_seconds_count", **labels) == 2


def test_unknown_paths_and_tools_share_one_label(served: Served, metrics: Metrics, sink: Sink) -> None:
    for number in range(20):
        httpx.get(f"{served.url('rest')}/unknown/{number}")
    error_of_call(served.url("mcp"), "unknown", {})
    list_tools(served.url("mcp"))
    sink.wait_for(lambda each: each.target == "tools/list")
    sink.wait_for(lambda each: each.root.error == "-32602")
    operations = {dict(labels).get("operation") for _, labels in samples(metrics)}
    assert operations == {None, "_other"}
    labels = {"adapter": "rest", "operation": "_other", "status": "404"}
    assert value(metrics, "naftiko_requests_total", **labels) == 20


def test_requests_in_flight_and_connections_are_shown(
    served: Served, upstream: Upstream, metrics: Metrics, sink: Sink
) -> None:
    assert value(metrics, "naftiko_requests_in_flight") == 0
    with ThreadPoolExecutor(1) as callers, upstream.held():
        waiting = callers.submit(httpx.get, f"{served.url('rest')}/items/7")
        upstream.wait_for(1)
        assert value(metrics, "naftiko_requests_in_flight") == 1
        upstream.release()
        waiting.result()
    sink.only()
    assert value(metrics, "naftiko_requests_in_flight") == 0
    assert value(metrics, "naftiko_capability_active") == 1
    assert value(metrics, "naftiko_upstream_connections", state="in_use") == 0
    assert value(metrics, "naftiko_upstream_requests_waiting") == 0


def test_the_process_and_the_version_are_shown(metrics: Metrics) -> None:
    found = samples(metrics)
    (build,) = [dict(labels) for name, labels in found if name == "naftiko_build_info"]
    assert build["version"] == __version__
    assert found["process_resident_memory_bytes", frozenset()] > 1_000_000
    assert found["process_start_time_seconds", frozenset()] > 0


def test_durations_fall_into_buckets_of_seconds(metrics: Metrics) -> None:
    for milliseconds in (0.5, 3, 3, 700, 29_000, 60_000):
        trace = new_trace("rest.request", "id")
        trace.adapter, trace.operation, trace.status = "rest", "a.b", 200
        trace.root.duration = int(milliseconds * 1e6)
        metrics.record(trace)
    labels = {"adapter": "rest", "operation": "a.b"}
    name = "naftiko_request_duration_seconds_bucket"
    counts = {
        bound: value(metrics, name, **labels, le=bound)
        for bound in ("0.001", "0.005", "0.5", "1.0", "30.0", "+Inf")
    }
    assert counts == {"0.001": 1, "0.005": 3, "0.5": 3, "1.0": 4, "30.0": 5, "+Inf": 6}
    assert value(metrics, "naftiko_request_duration_seconds_sum", **labels) == pytest.approx(89.7065)


def test_the_number_of_series_is_bounded(metrics: Metrics, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SERIES", 10)
    for number in range(100):
        trace = new_trace("rest.request", "id")
        trace.adapter, trace.operation, trace.status = "rest", f'a.{number}"\n', 200
        metrics.record(trace)
    found = [labels for name, labels in samples(metrics) if name == "naftiko_requests_total"]
    assert len(found) == 11
    other = {"adapter": "_other", "operation": "_other"}
    assert value(metrics, "naftiko_requests_total", **other, status="_other") == 90
    assert value(metrics, "naftiko_request_duration_seconds_count", **other) == 90


def test_connections_to_upstreams_are_counted(upstream: Upstream) -> None:
    async def use() -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        transport = HttpTransport()
        request = OutgoingRequest("a.b", "GET", f"{upstream.url}/", ())
        async with shared_connections():
            with upstream.held():
                sending = asyncio.create_task(transport.send(request))
                await asyncio.to_thread(upstream.wait_for, 1)
                during = connection_counts()
            await sending
            return during, connection_counts()

    assert connection_counts() == (0, 0, 0)
    assert run_async(use) == ((1, 0, 0), (0, 1, 0))
