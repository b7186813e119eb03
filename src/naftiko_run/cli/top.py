"""``naftiko top``: a live table of functions, computed from metrics."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from rich.console import Group
from rich.live import Live
from rich.table import Column, Table
from rich.text import Text

from naftiko_run.cli.console import output_console, print_json
from naftiko_run.cli.control_client import ControlClient, ControlOptions
from naftiko_run.cli.metrics_parser import OTHER, FunctionMetrics, Key, functions_in

_WINDOW_SECONDS: Final = 60.0


class Reading(NamedTuple):
    """The metrics at a time."""

    at: float
    functions: dict[Key, FunctionMetrics]


class Row(NamedTuple):
    """One function in the table.

    Attributes:
        adapter: The type of its adapter.
        function: Its name.
        requests: How many requests there were in all.
        rate: Requests per second; None if unknown.
        errors: The share of requests that failed; None if there were none.
        p50: The median duration in seconds; None if there were no requests.
        p95: The 95th percentile.
    """

    adapter: str
    function: str
    requests: float
    rate: float | None
    errors: float | None
    p50: float | None
    p95: float | None


class Readings:
    """The metrics of the last minute."""

    def __init__(self) -> None:
        self._kept: deque[Reading] = deque()

    def add(self, reading: Reading) -> None:
        """Add a reading; those that are older than a minute are dropped, except the last of them."""
        self._kept.append(reading)
        while len(self._kept) > 2 and reading.at - self._kept[1].at >= _WINDOW_SECONDS:
            self._kept.popleft()

    def rows(self) -> list[Row]:
        """Return a row for each function, the slowest first: of the last minute, or if it was idle, of all time."""
        last, first = self._kept[-1], self._kept[0]
        seconds = last.at - first.at
        rows = []
        for (adapter, name), now in last.functions.items():
            before = first.functions.get((adapter, name), FunctionMetrics())
            recent = now if last is first else now.since(before)
            rate = recent.requests / seconds if seconds else None
            shown = recent if recent.requests else now
            errors = shown.errors / shown.requests if shown.requests else None
            rows.append(
                Row(adapter, name, now.requests, rate, errors, shown.quantile(0.5), shown.quantile(0.95))
            )
        return sorted(rows, key=lambda row: (-(row.p95 or 0), row.adapter, row.function))


def run_top(
    client: ControlClient,
    options: ControlOptions,
    interval: float,
    *,
    once: bool,
    wait: Callable[[float], None] = time.sleep,
) -> int:
    """Show the table until Ctrl-C; with ``once``, print one of two readings.

    Args:
        client: The control adapter.
        options: How it is reached.
        interval: Seconds between two readings.
        once: Whether to print the table once.
        wait: Waits so many seconds.
    """
    readings = Readings()
    readings.add(_read(client))
    console = output_console()
    if once or options.as_json or not console.is_terminal:
        wait(interval)
        readings.add(_read(client))
        rows = readings.rows()
        if options.as_json:
            print_json([row._asdict() for row in rows])
        else:
            console.print(_table(rows))
        return 0
    with Live(_screen(client, readings), console=console, screen=True, auto_refresh=False) as live:
        while True:
            wait(interval)
            readings.add(_read(client))
            live.update(_screen(client, readings), refresh=True)


def _read(client: ControlClient) -> Reading:
    response = client.get("/metrics")
    if not response.is_success:
        raise client.failure(response)
    return Reading(time.monotonic(), functions_in(response.text))


def _screen(client: ControlClient, readings: Readings) -> Group:
    head = Text.assemble(
        ("naftiko top  ", "bold"),
        (f"{client.url}  last minute, idle ones since the start; stop with Ctrl-C", "dim"),
    )
    return Group(head, Text(""), _table(readings.rows()))


def _table(rows: list[Row]) -> Table:
    table = Table(
        Column("FUNCTION", overflow="fold"),
        Column("ADAPTER", no_wrap=True),
        *(
            Column(name, justify="right", no_wrap=True)
            for name in ("REQUESTS", "RATE/S", "ERRORS", "P50", "P95")
        ),
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="bold",
    )
    for row in rows:
        table.add_row(
            Text("(other)" if row.function in ("", OTHER) else row.function),
            row.adapter,
            f"{row.requests:,.0f}",
            "-" if row.rate is None else f"{row.rate:.1f}",
            "-" if row.errors is None else Text(f"{row.errors:.1%}", style="bold red" if row.errors else ""),
            _milliseconds(row.p50),
            _milliseconds(row.p95),
        )
    return table


def _milliseconds(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"
