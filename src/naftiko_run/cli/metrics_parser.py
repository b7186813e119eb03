"""Parse the Prometheus text format, and compute rates and quantiles of requests from it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from naftiko_run.cli.control_client import ControlFailed

_DURATIONS = re.compile(r"(?:naftiko|ikanos)_requests?_duration_seconds_(bucket|count|sum)")
_ERRORS = re.compile(r"(?:naftiko|ikanos)_requests?_errors(?:_total)?")
OTHER: Final = "_other"
"""The operation of requests that belong to none."""

_ADAPTER: Final = ("adapter", "adapter_type")
_OPERATION: Final = ("operation", "operation_id", "function")


class Sample(NamedTuple):
    """One value of a metric."""

    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(slots=True)
class FunctionMetrics:
    """The requests to one function so far, or in a time.

    Attributes:
        requests: How many there were.
        errors: How many of them failed.
        buckets: How many took at most so many seconds, by that bound.
    """

    requests: float = 0
    errors: float = 0
    buckets: dict[float, float] = field(default_factory=dict)

    def since(self, before: FunctionMetrics) -> FunctionMetrics:
        """Return the requests since an earlier sample; all of them if the process has been restarted since."""
        if before.requests > self.requests:
            return self
        buckets = {bound: count - before.buckets.get(bound, 0) for bound, count in self.buckets.items()}
        return FunctionMetrics(self.requests - before.requests, max(0, self.errors - before.errors), buckets)

    def quantile(self, share: float) -> float | None:
        """Return the duration in seconds within which a share of the requests ended; None if there were none.

        It is interpolated in its bucket, as by ``histogram_quantile`` of Prometheus.
        """
        bounds = sorted(self.buckets)
        total = self.buckets[bounds[-1]] if bounds else 0
        if total <= 0:
            return None
        rank, lower, below = share * total, 0.0, 0.0
        for bound in bounds:
            count = self.buckets[bound]
            if count >= rank:
                if math.isinf(bound):
                    return lower
                return lower + (bound - lower) * (rank - below) / max(count - below, 1e-9)
            lower, below = bound, count
        return lower


Key = tuple[str, str]
"""The type of an adapter, and the name of a function."""


def parse_metrics(text: str) -> Iterator[Sample]:
    """Parse the Prometheus text format.

    Raises:
        ControlFailed: It is not that format.
    """
    from prometheus_client.parser import (
        text_string_to_metric_families,  # imported lazily: only commands need it
    )

    try:
        for family in text_string_to_metric_families(text):
            for each in family.samples:
                yield Sample(each.name, each.labels, float(each.value))
    except ValueError as fault:
        raise ControlFailed(f"/metrics is not in the Prometheus text format: {fault}") from None


def functions_in(text: str) -> dict[Key, FunctionMetrics]:
    """Return the requests to each function so far, from metrics in the Prometheus text format."""
    found: dict[Key, FunctionMetrics] = {}
    for name, labels, value in parse_metrics(text):
        durations = _DURATIONS.fullmatch(name)
        if durations is None and not _ERRORS.fullmatch(name):
            continue
        key = _label(labels, _ADAPTER), _label(labels, _OPERATION)
        function = found.setdefault(key, FunctionMetrics())
        if durations is None:
            function.errors += value
        elif durations[1] == "count":
            function.requests += value
        elif durations[1] == "bucket":
            bound = float(labels["le"])
            function.buckets[bound] = function.buckets.get(bound, 0) + value
    return found


def _label(labels: Mapping[str, str], names: tuple[str, ...]) -> str:
    """Return the value of the first of these labels, with or without the prefix of the engine; empty for none."""
    bare = {name.removeprefix("naftiko_").removeprefix("ikanos_"): value for name, value in labels.items()}
    return next((bare[name] for name in names if name in bare), "")
