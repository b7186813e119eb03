"""What a start takes: until the first answer, in memory at rest, and to load documents."""

from __future__ import annotations

import time
from contextlib import ExitStack
from statistics import median
from typing import Final

from benchmarks.processes import ROOT, Server, started
from benchmarks.subject import CREDENTIALS, FIRST, Subject
from naftiko_run.capability import Settings, load

_LOADS: Final = 20


def start(subject: Subject, core: int, stack: ExitStack) -> Server:
    """Start a subject, and look at its answer."""
    server = stack.enter_context(started(subject.command, core, subject.call, subject.environment))
    subject.check(server)
    return server


def cold_starts(subject: Subject, core: int, times: int) -> dict[str, float]:
    """Give the seconds from start to first answer, and the memory then."""
    seconds, resident = [], []
    for _ in range(times):
        with ExitStack() as stack:
            server = start(subject, core, stack)
            seconds.append(server.seconds)
            resident.append(server.resident())
    return {
        "cold start, best": min(seconds),
        "cold start, median": median(seconds),
        "at rest": median(resident),
    }


def loading() -> dict[str, float]:
    """Give the seconds that the first document takes to load and compile."""
    settings = Settings(environment=CREDENTIALS)
    taken = []
    for _ in range(_LOADS):
        begun = time.perf_counter()
        load(ROOT / FIRST, settings)
        taken.append(time.perf_counter() - begun)
    return {"load one": median(taken)}
