"""Drives servers in turns, several times: what disturbs the machine for a while disturbs them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.calls import Call
from benchmarks.processes import Server
from benchmarks.report import Row
from benchmarks.wrk import Load, drive


@dataclass(frozen=True, slots=True)
class Manner:
    """How measuring is done.

    Attributes:
        rounds: How often each is driven.
        seconds: For how long, each time.
        core: Where wrk runs.
        warm_up: For how long before the first round.
    """

    rounds: int
    seconds: float
    core: int
    warm_up: float = 1.0


@dataclass(frozen=True, slots=True)
class Run:
    """Something to drive.

    Attributes:
        server: The server.
        calls: What it is asked, in turns.
        subject: Its name.
        connections: Over how many connections.
        group, family, at, era: See ``Row``.
    """

    server: Server
    calls: Sequence[Call]
    subject: str
    family: str
    connections: int
    group: str
    at: int
    era: str = ""


@dataclass(frozen=True, slots=True)
class _Round:
    load: Load
    cpu: float
    peak: int


def measure(runs: Sequence[Run], manner: Manner) -> list[Row]:
    """Drive everything in turns; give a row for each, in their order."""
    for run in runs:
        if manner.warm_up:
            drive(run.calls, run.server.port, manner.core, run.connections, manner.warm_up)
    rounds = [[_round(run, manner) for run in runs] for _ in range(manner.rounds)]
    return [_row(run, [each[index] for each in rounds]) for index, run in enumerate(runs)]


def _round(run: Run, manner: Manner) -> _Round:
    run.server.forget_peak()
    before = run.server.cpu()
    load = drive(run.calls, run.server.port, manner.core, run.connections, manner.seconds)
    return _Round(load, (run.server.cpu() - before) / max(1, load.requests) * 1e6, run.server.peak())


def _row(run: Run, rounds: Sequence[_Round]) -> Row:
    loads = [each.load for each in rounds]
    rates = [load.rate for load in loads]
    middle = median(rates)
    return Row(
        group=run.group,
        subject=run.subject,
        family=run.family,
        at=run.at,
        connections=run.connections,
        rate=middle,
        spread=(max(rates) - min(rates)) / middle if middle else 0.0,
        p50=median(load.p50 for load in loads),
        p99=median(load.p99 for load in loads),
        cpu=median(each.cpu for each in rounds),
        peak=max(each.peak for each in rounds),
        faults="; ".join(dict.fromkeys(load.faults for load in loads if load.faults)),
        era=run.era,
    )
