"""``naftiko top``: rate, errors and durations of functions, computed from metrics."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from pathlib import Path

import pytest

from expose.control_documents import SHOP, write_document
from naftiko_run import Settings
from naftiko_run.cli.control_client import ControlFailed
from naftiko_run.cli.metrics_parser import FunctionMetrics, functions_in
from naftiko_run.cli.top import Reading, Readings
from naftiko_run.telemetry.metrics import Metrics
from naftiko_run.telemetry.telemetry import Telemetry
from naftiko_run.telemetry.trace import Trace
from support.commands import ended
from support.server import serving
from support.terminal import shown_until, without_colours

FAMILY = "# TYPE naftiko_request_duration_seconds histogram\n"


def text(function: str, requests: int, errors: int, counts: Sequence[int], adapter: str = "rest") -> str:
    """Return the metrics of one function, with bounds of 0.01, 0.1 and 1 second."""
    labels = f'adapter="{adapter}",operation="{function}"'
    buckets = zip(("0.01", "0.1", "1.0", "+Inf"), counts, strict=True)
    lines = [f'naftiko_request_duration_seconds_bucket{{{labels},le="{le}"}} {n}' for le, n in buckets]
    return (
        FAMILY
        + "\n".join(lines)
        + f"\nnaftiko_request_duration_seconds_count{{{labels}}} {requests}\n"
        + f"naftiko_request_duration_seconds_sum{{{labels}}} 1.5\n"
        + "# TYPE naftiko_request_errors counter\n"
        + f'naftiko_request_errors_total{{{labels},error_type="502"}} {errors}\n'
    )


class Scripted(Metrics):
    """Metrics that are the next of several texts at each reading, then the last one."""

    def __init__(self, *texts: str) -> None:
        self._texts: Iterator[str] = chain(texts, repeat(texts[-1]))

    def record(self, trace: Trace) -> None:
        """Count nothing."""

    def text(self) -> str:
        """Return the next text."""
        return next(self._texts)


BEFORE = text("shop.list", 100, 0, (100, 100, 100, 100))
AFTER = text("shop.list", 120, 5, (100, 110, 120, 120))


def test_metrics_are_read_by_function() -> None:
    assert functions_in(AFTER) == {
        ("rest", "shop.list"): FunctionMetrics(120, 5, {0.01: 100, 0.1: 110, 1.0: 120, math.inf: 120})
    }


def test_the_metrics_of_the_reference_engine_are_read() -> None:
    labels = 'ikanos_adapter_type="mcp",ikanos_operation_id="a"'
    found = functions_in(
        "# TYPE ikanos_request_duration_seconds histogram\n"
        f'ikanos_request_duration_seconds_bucket{{{labels},le="+Inf"}} 3\n'
        f"ikanos_request_duration_seconds_count{{{labels}}} 3\n"
        f'ikanos_request_errors{{{labels},error_type="x"}} 1\n'
    )
    assert found == {("mcp", "a"): FunctionMetrics(3, 1, {math.inf: 3})}


def test_a_text_in_another_format_is_reported() -> None:
    with pytest.raises(ControlFailed, match="not in the Prometheus text format"):
        functions_in("{no} metrics\n")


def test_what_is_shown_is_of_the_last_minute() -> None:
    readings = Readings()
    for at, now in ((0.0, BEFORE), (30.0, BEFORE), (65.0, BEFORE), (70.0, AFTER)):
        readings.add(Reading(at, functions_in(now)))
    (row,) = readings.rows()
    assert (row.adapter, row.function, row.requests) == ("rest", "shop.list", 120)
    assert row.rate == pytest.approx(20 / 70)  # the oldest reading is the last one before the minute
    assert row.errors == pytest.approx(0.25)
    assert row.p50 == pytest.approx(0.1)
    assert row.p95 == pytest.approx(0.91)
    readings.add(Reading(91.0, functions_in(AFTER)))
    (row,) = readings.rows()
    assert row.rate == pytest.approx(20 / 61)


def test_an_idle_function_is_shown_with_all_its_requests() -> None:
    readings = Readings()
    for at in (0.0, 10.0):
        readings.add(Reading(at, functions_in(AFTER)))
    (row,) = readings.rows()
    assert row.rate == 0.0
    assert row.errors == pytest.approx(5 / 120)
    assert row.p50 == pytest.approx(0.006)


def test_one_reading_is_of_all_time_without_a_rate() -> None:
    readings = Readings()
    readings.add(Reading(0.0, functions_in(BEFORE)))
    (row,) = readings.rows()
    assert (row.rate, row.errors) == (None, 0.0)
    assert row.p50 == pytest.approx(0.005)


def test_a_restart_begins_again() -> None:
    readings = Readings()
    readings.add(Reading(0.0, functions_in(AFTER)))
    readings.add(Reading(10.0, functions_in(text("shop.list", 10, 10, (0, 0, 10, 10)))))
    (row,) = readings.rows()
    assert (row.rate, row.errors) == (1.0, 1.0)


def test_no_requests_and_slow_ones() -> None:
    assert FunctionMetrics().quantile(0.5) is None
    assert FunctionMetrics(3, 0, {1.0: 0, math.inf: 3}).quantile(0.5) == 1.0


def test_the_table_is_printed_once(tmp_path: Path) -> None:
    quick = text("quick", 5, 0, (5, 5, 5, 5), "mcp").replace(FAMILY, "").replace("# TYPE", "#")
    telemetry = Telemetry(Scripted(BEFORE, AFTER + quick.replace("naftiko_request_errors_total", "other")))
    with serving(
        write_document(tmp_path, SHOP), settings=Settings(environment={}), telemetry=telemetry
    ) as served:
        origin = served.origin("control")
        shown = ended("naftiko", "top", "--once", "--interval", "0.2", "--address", origin)
        as_json = ended("naftiko", "top", "--json", "--interval", "0.2", "--address", origin)
    head, first = shown.stdout.splitlines()[:2]
    assert head.split() == ["FUNCTION", "ADAPTER", "REQUESTS", "RATE/S", "ERRORS", "P50", "P95"]
    cells = first.split()
    assert cells[:3] == ["shop.list", "rest", "120"]
    assert cells[4:] == ["25.0%", "100.0", "ms", "910.0", "ms"]
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert {each["function"] for each in json.loads(as_json.stdout)} >= {"shop.list"}


def test_on_a_terminal_the_table_is_live(tmp_path: Path) -> None:
    telemetry = Telemetry(Scripted(BEFORE, AFTER))
    with serving(
        write_document(tmp_path, SHOP), settings=Settings(environment={}), telemetry=telemetry
    ) as served:
        shown = shown_until(
            "910.0", "top", "--interval", "0.2", "--address", served.origin("control"), command="naftiko"
        )
    assert "naftiko top" in without_colours(shown)
