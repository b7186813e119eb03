"""The numbers to reach, and whether a run reached them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from benchmarks.calls import ERAS
from benchmarks.growth import COUNTS, EACH, ONE
from benchmarks.passthrough import CLIENTS, WAYS
from benchmarks.report import DIRECT, Report, Row, best

MANY: Final = 32

Measured = Callable[[Report], float | None]


@dataclass(frozen=True, slots=True)
class Goal:
    """A number to reach.

    Attributes:
        what: What it is of.
        limit: The number.
        measured: What a run found; None where it did not look.
        unit: What the number counts.
        is_least: Whether more is better.
        moonshot: What would be better still.
    """

    what: str
    limit: float
    measured: Measured
    unit: str = "×"
    is_least: bool = True
    moonshot: float | None = None

    def is_met(self, value: float) -> bool:
        """Say whether a number reaches it."""
        return value >= self.limit if self.is_least else value <= self.limit


def direct(report: Report, connections: int = MANY) -> Row | None:
    """Give our direct call over REST."""
    rows = report.of("subjects", "ours", at=connections)
    return next((row for row in rows if row.subject == DIRECT), None)


def compared(report: Report, row: Row, family: str) -> float | None:
    """Give a row's rate as a part of the best of a family at as many connections and in the same era."""
    other = best(report.of(row.group, family, at=row.at, era=row.era))
    return row.rate / other.rate if other else None


def _direct_by(family: str, connections: int = MANY) -> Measured:
    def measured(report: Report) -> float | None:
        row = direct(report, connections)
        return compared(report, row, family) if row else None

    return measured


def _slowest(report: Report) -> float | None:
    row, ceiling = direct(report), best(report.of("subjects", "constant", at=MANY))
    return row.p99 / ceiling.p50 if row and ceiling else None


def _tool_call(era: str) -> Measured:
    def measured(report: Report) -> float | None:
        row = best(report.of("subjects", "ours", at=MANY, era=era))
        return compared(report, row, "sdk") if row else None

    return measured


def _tool_by_rest(report: Report) -> float | None:
    row, rest = best(report.of("subjects", "ours", at=MANY, era=ERAS[0])), direct(report)
    return row.rate / rest.rate if row and rest else None


def _of_documents(manner: str) -> Measured:
    def measured(report: Report) -> float | None:
        few, many = (
            [row for row in report.of("documents", at=count) if row.subject == manner]
            for count in (COUNTS[0], COUNTS[-1])
        )
        return many[0].rate / few[0].rate if few and many else None

    return measured


def _figure(name: str, scale: float = 1.0) -> Measured:
    return lambda report: report.figures[name] * scale if name in report.figures else None


GOALS: Final = (
    Goal("REST direct call, of nginx proxy_pass", 0.10, _direct_by("nginx"), moonshot=0.20),
    Goal("REST direct call, of the best hand-written app, 32 connections", 15, _direct_by("hand-written"), moonshot=30),
    Goal("REST direct call, of the best hand-written app, 1 connection", 2.5, _direct_by("hand-written", 1), moonshot=4),
    Goal("beyond: REST direct call, of that app rewritten around httpx's pool, 32 connections", 15, _direct_by("rewritten")),
    Goal("p99 of the REST direct call, of the constant server's p50", 5, _slowest, is_least=False),
    Goal(f"MCP tools/call, of the official SDK's constant tool, {ERAS[0]}", 3, _tool_call(ERAS[0])),
    Goal(f"MCP tools/call, of the official SDK's constant tool, {ERAS[1]}", 5, _tool_call(ERAS[1])),
    Goal(f"beyond: MCP tools/call, of our REST direct call, {ERAS[0]}", 0.8, _tool_by_rest),
    Goal("memory at rest", 80, _figure("at rest", 1e-6), "MB", is_least=False),
    Goal("cold start to first answer, median", 1.0, _figure("cold start, median"), "s", is_least=False),
    *(
        Goal(f"throughput at 1,000 documents, of that at 1: {manner}", 0.9, _of_documents(manner))
        for manner in (ONE, EACH)
    ),
    *(
        Goal(f"1 GB through {way} to {client}, over rest", 20, _figure(f"1 GB through {way}, {client}", 1e-6), "MB", is_least=False)
        for way in WAYS
        for client in CLIENTS
    ),
)  # fmt: skip
