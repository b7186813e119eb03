"""How throughput and memory grow: with documents in one process, with connections, with bodies."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks import made_up, nginx
from benchmarks.answers import SIZES, TRACKED, sized
from benchmarks.calls import Call, post
from benchmarks.measure import Manner, Run, measure
from benchmarks.processes import Server
from benchmarks.report import Row
from benchmarks.starting import start
from benchmarks.subject import CREDENTIALS, Subject, naftiko_run

CONNECTIONS: Final = (1, 8, 32, 128, 256)
COUNTS: Final = (1, 100, 1_000)
ONE: Final = "one of them is asked"
EACH: Final = "each is asked in turn"
_OF_DOCUMENTS: Final = 32
_OF_BODIES: Final = 4


def by_connections(servers: Sequence[tuple[Subject, Server]], manner: Manner) -> list[Row]:
    """Measure with more and more connections."""
    runs = [
        Run(server, [subject.call], subject.name, subject.family, count, "connections", count)
        for count in CONNECTIONS
        for subject, server in servers
    ]
    return measure(runs, manner)


def by_documents(
    upstream: str, folder: Path, core: int, manner: Manner
) -> tuple[list[Row], dict[str, float]]:
    """Measure with more and more documents in one process; give how long the largest took to start, too."""
    with ExitStack() as stack:
        runs: list[Run] = []
        figures: dict[str, float] = {}
        for count in COUNTS:
            written = made_up.write_folder(folder / f"documents-{count}", count, upstream)
            last = made_up.call(count - 1)
            subject = Subject(
                f"{count:,} documents",
                "ours",
                naftiko_run(written, upstream),
                last,
                bytes,
                TRACKED,
                CREDENTIALS,
            )
            server = start(subject, core, stack)
            figures[f"start of {count}"] = server.seconds
            figures[f"at rest of {count}"] = server.resident()
            every = [made_up.call(number) for number in range(count)]
            begun = time.perf_counter()
            for each in every:  # once, before anything is timed: what is made at the first call is made
                each.send(server.port)
            figures[f"first calls of {count}"] = time.perf_counter() - begun
            runs += [
                Run(server, calls, name, "ours", _OF_DOCUMENTS, "documents", count)
                for name, calls in ((ONE, [made_up.call(0)]), (EACH, every))
            ]
        return measure(runs, manner), figures


def by_bodies(upstream: str, folder: Path, core: int, manner: Manner) -> list[Row]:
    """Measure with larger and larger bodies: of answers, and of requests."""
    there = upstream.removeprefix("http://")
    small = Call("GET", f"/v1/bodies/{SIZES[0]}")
    expected = sized(SIZES[0])
    subjects = [
        Subject("nginx proxy_pass", "nginx", nginx.proxy(folder, there), small, bytes, expected),
        Subject("ours, REST: passed on", "ours", naftiko_run("benchmarks/documents/bodies.yaml", upstream), small, bytes, expected, CREDENTIALS),
    ]  # fmt: skip
    rows: list[Row] = []
    for size in SIZES:  # a process each: what one size has left behind is not the next one's memory
        with ExitStack() as stack:
            servers = [(subject, start(subject, core, stack)) for subject in subjects]
            calls = {
                "answers": Call("GET", f"/v1/bodies/{size}"),
                "requests": post("/v1/bodies", sized(size)),
            }
            rows += measure(
                [
                    Run(server, [call], subject.name, subject.family, _OF_BODIES, group, size)
                    for group, call in calls.items()
                    for subject, server in servers
                ],
                manner,
            )
    return rows
