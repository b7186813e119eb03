"""A run from start to end."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks import growth, machine, nginx
from benchmarks.answers import BASIC
from benchmarks.calls import TRACK, Call
from benchmarks.goals import MANY
from benchmarks.measure import Manner, Run, measure
from benchmarks.passthrough import passthrough
from benchmarks.processes import Server, started
from benchmarks.report import DIRECT, Report, Row, best
from benchmarks.starting import cold_starts, loading, start
from benchmarks.subject import Subject, of_mcp, of_rest, seen_by_upstream

FEW = 1
_QUICK_ALONE = ("hand-written", "rewritten")
_ALONE = ("nginx", "constant", *_QUICK_ALONE)
"""Families that are measured over one connection too, as our direct call is."""


@contextmanager
def upstream_running() -> Iterator[tuple[str, Path, int]]:
    """Start the upstream; give its URL, a folder for whatever is written, and the core of what is measured."""
    machine.provide_tools()
    own, load = machine.cores()
    os.sched_setaffinity(0, {own, load})
    probe = Call(TRACK.method, TRACK.path, {**TRACK.headers, "Authorization": BASIC}, TRACK.body)
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder)
        with started(nginx.upstream(files), load, probe) as upstream:
            seen_by_upstream(upstream)
            yield f"http://127.0.0.1:{upstream.port}", files, own


def run(*, quick: bool) -> Report:
    """Measure everything, or what the goals for throughput need.

    Raises:
        NotPossible: This machine cannot.
        NotStarted: Something that is compared did not start.
    """
    load = machine.cores()[1]
    manner = Manner(2, 1, load, warm_up=0) if quick else Manner(3, 2, load)
    words = f"{manner.rounds} rounds of {manner.seconds:g} s in turns, medians; ± is from the slowest to the fastest round"
    with upstream_running() as (upstream, folder, own):
        report = Report(machine.description(), words, machine.versions())
        _subjects(report, upstream, folder, own, manner, quick=quick)
        if not quick:
            _grow(report, upstream, folder, own, manner)
    return report


def _subjects(report: Report, upstream: str, folder: Path, core: int, manner: Manner, *, quick: bool) -> None:
    rest = of_rest(upstream, folder, quick=quick)
    ours = next(each for each in rest if each.name == DIRECT)
    _tell("cold starts")
    report.figures |= cold_starts(ours, core, 3 if quick else 9)
    with ExitStack() as stack:
        subjects = [*rest, *of_mcp(upstream, quick=quick)]
        _tell(f"{len(subjects)} things that answer a call")
        servers = [(subject, start(subject, core, stack)) for subject in subjects]
        families = _QUICK_ALONE if quick else _ALONE
        alone = [each for each in servers if each[0].family in families or each[0].name == DIRECT]
        report.rows += measure([*_runs(servers, MANY), *_runs(alone, FEW)], manner)
        if not quick:
            _tell("connections")
            fewer = replace(manner, rounds=2)
            report.rows += growth.by_connections(_for_connections(report, servers), fewer)


def _runs(servers: Sequence[tuple[Subject, Server]], connections: int) -> list[Run]:
    return [
        Run(server, [each.call], each.name, each.family, connections, "subjects", connections, each.era)
        for each, server in servers
    ]


def _for_connections(
    report: Report, servers: Sequence[tuple[Subject, Server]]
) -> list[tuple[Subject, Server]]:
    """Give nginx, our direct call, and the hand-written app with the best of its settings."""
    hand_written: Row | None = best(report.of("subjects", "hand-written", at=MANY))
    names = (DIRECT, hand_written.subject if hand_written else "")
    return [each for each in servers if each[0].family == "nginx" or each[0].name in names]


def _grow(report: Report, upstream: str, folder: Path, core: int, manner: Manner) -> None:
    _tell("documents")
    rows, figures = growth.by_documents(upstream, folder, core, manner)
    report.rows += rows
    report.figures |= figures
    _tell("bodies")
    report.rows += growth.by_bodies(upstream, folder, core, replace(manner, rounds=2))
    _tell("1 GB")
    report.figures |= passthrough(upstream, core)
    _tell("loading")
    report.figures |= loading()


def _tell(what: str) -> None:
    sys.stderr.write(f"measuring: {what}\n")
