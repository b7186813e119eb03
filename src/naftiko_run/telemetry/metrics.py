"""Metrics of requests and upstream calls, in the Prometheus text format.

Requests are counted in plain dictionaries; the Prometheus client is imported when the metrics are read.
"""

from __future__ import annotations

import platform
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from naftiko_run.telemetry.trace import Trace
from naftiko_run.version import __version__

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""The upper bounds of the buckets of durations, in seconds."""
MAX_SERIES: Final = 20_000
"""The maximum number of series in one family; further ones are counted under ``OTHER``."""
OTHER: Final = "_other"
"""The label of requests that belong to no operation: unknown paths and tools, lists of tools."""

_STEP: Final = "step."
Labels = tuple[str, ...]


class Counter:
    """Counts by labels, with a bounded number of series.

    Attributes:
        values: The counts by the values of the labels.
    """

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: dict[Labels, int] = {}

    def add(self, labels: Labels) -> None:
        """Count one."""
        values = self.values
        if labels not in values and len(values) >= MAX_SERIES:
            labels = (OTHER,) * len(labels)
        values[labels] = values.get(labels, 0) + 1


class Histogram:
    """Durations by labels, with a bounded number of series.

    Attributes:
        values: The numbers of durations in each bucket, and their sum, by the values of the labels.
    """

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: dict[Labels, tuple[list[int], list[float]]] = {}

    def add(self, labels: Labels, seconds: float) -> None:
        """Count one duration."""
        found = self.values.get(labels)
        if found is None:
            if len(self.values) >= MAX_SERIES:
                labels = (OTHER,) * len(labels)
            found = self.values.setdefault(labels, ([0] * (len(BOUNDS) + 1), [0.0]))
        counts, total = found
        counts[bisect_left(BOUNDS, seconds)] += 1
        total[0] += seconds


class Metrics:
    """Counts and times the requests to adapters and to upstreams.

    Args:
        capabilities: How many capabilities are served.
        connections: Returns the numbers of connections to upstreams that are in use and idle, and of requests that
            wait for one; None if they are unknown.

    Attributes:
        in_flight: How many requests have started and not ended.
        dropped_traces: Returns how many traces could not be exported.
        capabilities: How many capabilities are served.
        connections: See above.
    """

    def __init__(
        self, capabilities: int = 0, connections: Callable[[], tuple[int, int, int]] | None = None
    ) -> None:
        self.in_flight = 0
        self.dropped_traces: Callable[[], int] = lambda: 0
        self.capabilities = capabilities
        self.connections = connections
        self._requests = Counter()
        self._errors = Counter()
        self._durations = Histogram()
        self._upstream_requests = Counter()
        self._upstream_durations = Histogram()
        self._steps = Histogram()
        self._registry: CollectorRegistry | None = None

    def record(self, trace: Trace) -> None:
        """Count the request of a trace, and its upstream calls."""
        self.in_flight -= 1
        root, operation = trace.root, trace.operation or OTHER
        status = "error" if root.error and trace.status < 400 else str(trace.status or "ok")
        self._requests.add((trace.adapter, operation, status))
        self._durations.add((trace.adapter, operation), root.duration / 1e9)
        if root.error:
            self._errors.add((trace.adapter, operation, root.error))
        for span in trace.spans:
            if span.kind == "CLIENT":
                attributes = span.attributes
                called = str(attributes.get("naftiko.operation", OTHER))
                answered = str(attributes.get("http.response.status_code") or span.error or OTHER)
                method = str(attributes.get("http.request.method", OTHER))
                self._upstream_requests.add((called, method, answered))
                self._upstream_durations.add((called,), span.duration / 1e9)
            elif span.name.startswith(_STEP):
                self._steps.add((operation, span.name[len(_STEP) :]), span.duration / 1e9)

    def text(self) -> str:
        """Return the metrics in the Prometheus text format."""
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

        if self._registry is None:
            self._registry = CollectorRegistry()
            self._registry.register(_Collector(self))
            ProcessCollector(registry=self._registry)
        return generate_latest(self._registry).decode()

    def collect(self) -> Iterator[Metric]:
        """Yield the families of metrics."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

        request = ("adapter", "operation")
        yield _counter("naftiko_requests", "Requests by status.", (*request, "status"), self._requests)
        yield _counter("naftiko_request_errors", "Failed requests.", (*request, "error"), self._errors)
        yield _histogram(
            "naftiko_request_duration_seconds", "Durations of requests.", request, self._durations
        )
        yield GaugeMetricFamily(
            "naftiko_requests_in_flight", "Requests that have not ended.", value=self.in_flight
        )
        yield _counter(
            "naftiko_upstream_requests",
            "Requests to upstreams by status, or by the error if there was no response.",
            ("operation", "method", "status"),
            self._upstream_requests,
        )
        yield _histogram(
            "naftiko_upstream_request_duration_seconds",
            "Durations of requests to upstreams.",
            ("operation",),
            self._upstream_durations,
        )
        yield _histogram(
            "naftiko_step_duration_seconds", "Durations of steps.", ("operation", "type"), self._steps
        )
        if self.connections is not None:
            in_use, idle, waiting = self.connections()
            connections = GaugeMetricFamily(
                "naftiko_upstream_connections", "Open connections to upstreams.", labels=("state",)
            )
            connections.add_metric(("in_use",), in_use)
            connections.add_metric(("idle",), idle)
            yield connections
            yield GaugeMetricFamily(
                "naftiko_upstream_requests_waiting", "Requests that wait for a connection.", value=waiting
            )
        yield GaugeMetricFamily(
            "naftiko_capability_active", "Capabilities that are served.", value=self.capabilities
        )
        yield CounterMetricFamily(
            "naftiko_traces_dropped", "Traces that could not be exported.", value=self.dropped_traces()
        )
        build = {"version": __version__, "python": platform.python_version()}
        yield InfoMetricFamily("naftiko_build", "The version that runs.", value=build)


class _Collector:
    """The interface of a collector for the Prometheus client."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        return self._metrics.collect()

    def describe(self) -> Iterator[Metric]:
        """Yield nothing: the names are known without reading the metrics."""
        return iter(())


def _counter(name: str, help_text: str, labels: Labels, counter: Counter) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(name, help_text, labels=labels)
    for values, count in sorted(counter.values.items()):
        family.add_metric(values, count)
    return family


def _histogram(name: str, help_text: str, labels: Labels, histogram: Histogram) -> Metric:
    from prometheus_client.core import HistogramMetricFamily

    family = HistogramMetricFamily(name, help_text, labels=labels)
    bounds = [*map(str, BOUNDS), "+Inf"]
    for values, (counts, total) in sorted(histogram.values.items()):
        buckets, cumulated = [], 0
        for bound, count in zip(bounds, counts, strict=True):
            cumulated += count
            buckets.append((bound, cumulated))
        family.add_metric(values, buckets, total[0])
    return family
