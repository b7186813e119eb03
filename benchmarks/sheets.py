"""What a run found, as tables: for the terminal, and for a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.goals import GOALS, Goal, compared
from benchmarks.growth import COUNTS
from benchmarks.report import Report, Row


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table.

    Attributes:
        title: What it is of.
        headings: Of its columns; the first is words, the others are numbers.
        rows: Its cells.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def sheets(report: Report) -> list[Sheet]:
    """Give the tables of what was measured."""
    found = [_subjects(report), _goals(report)]
    found += [
        sheet(report)
        for group, sheet in (("connections", _connections), ("documents", _documents), ("answers", _bodies))
        if any(row.group == group for row in report.rows)
    ]
    return [*found, _figures(report)]


def print_all(report: Report, console: Console) -> None:
    """Print the tables."""
    for sheet in sheets(report):
        print_sheet(sheet, console)
    console.print(_conditions(report), soft_wrap=True, markup=False)


def print_sheet(sheet: Sheet, console: Console) -> None:
    """Print a table."""
    table = Table(title=sheet.title, title_justify="left")
    for index, heading in enumerate(sheet.headings):
        table.add_column(heading, justify="right" if index else "left")
    for row in sheet.rows:
        table.add_row(*map(escape, row))
    console.print(table)


def markdown(report: Report) -> str:
    """Write the tables as Markdown."""
    parts = [_conditions(report)]
    for sheet in sheets(report):
        lines = [f"| {' | '.join(row)} |" for row in (sheet.headings, *sheet.rows)]
        rule = f"| --- |{' ---: |' * (len(sheet.headings) - 1)}"
        parts.append("\n".join([f"**{sheet.title}**", "", lines[0], rule, *lines[1:]]))
    return "\n\n".join(parts)


def _conditions(report: Report) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    return f"{report.machine}. {report.manner}. {versions}."


def _subjects(report: Report) -> Sheet:
    rows = sorted(
        (row for row in report.rows if row.group == "subjects"), key=lambda row: (bool(row.era), -row.at)
    )
    headings = (
        "what answers", "connections", "requests/s", "±", "× nginx", "× hand-written", "× MCP SDK",
        "p50, ms", "p99, ms", "CPU, µs", "peak, MB",
    )  # fmt: skip
    return Sheet("What is compared", headings, [_subject(report, row) for row in rows])


def _subject(report: Report, row: Row) -> list[str]:
    if row.faults:
        return [f"{row.subject}: {row.faults}", str(row.at), *["—"] * 9]
    plain = compared(report, row, "nginx"), compared(report, row, "hand-written")
    ratios = [*([None, None] if row.era else plain), compared(report, row, "sdk")]
    return [
        row.subject,
        str(row.at),
        f"{row.rate:,.0f}",
        f"{row.spread:.0%}",
        *("" if ratio is None else _number(ratio) for ratio in ratios),
        f"{row.p50:.2f}",
        f"{row.p99:.2f}",
        f"{row.cpu:,.0f}",
        _megabytes(row.peak),
    ]


def _goals(report: Report) -> Sheet:
    headings = ("goal", "to reach", "measured", "is it met?", "moonshot")
    return Sheet("Goals", headings, [_goal(goal, goal.measured(report)) for goal in GOALS])


def _goal(goal: Goal, value: float | None) -> list[str]:
    unit = " ×" if goal.unit == "×" else f" {goal.unit}"
    return [
        goal.what,
        f"{'≥' if goal.is_least else '≤'} {goal.limit:g}{unit}",
        "" if value is None else f"{_number(value)}{unit}",
        "not measured" if value is None else "met" if goal.is_met(value) else "missed",
        "" if goal.moonshot is None else f"{goal.moonshot:g}{unit}{_reached(goal.moonshot, value)}",
    ]


def _reached(moonshot: float, value: float | None) -> str:
    return ", met" if value is not None and value >= moonshot else ""


def _connections(report: Report) -> Sheet:
    return _growth(report, "connections", "Requests/s (p99 in ms; peak in MB) by connections")


def _documents(report: Report) -> Sheet:
    sheet = _growth(report, "documents", "Requests/s (p99 in ms; peak in MB) by documents in one process")
    counts = [heading.replace(",", "") for heading in sheet.headings[1:]]
    figures = report.figures
    others = [
        ["start to first answer, s", *(_number(figures[f"start of {count}"]) for count in counts)],
        ["first call of each, s", *(_number(figures[f"first calls of {count}"]) for count in counts)],
        ["memory at rest, MB", *(_megabytes(figures[f"at rest of {count}"]) for count in counts)],
    ]
    return Sheet(sheet.title, sheet.headings, [*sheet.rows, *others])


def _growth(report: Report, group: str, title: str) -> Sheet:
    found = {(row.subject, row.at): row for row in report.rows if row.group == group}
    counts = sorted({at for _, at in found})
    names = dict.fromkeys(name for name, _ in found)
    rows = [[name, *(_cell(found[name, count]) for count in counts)] for name in names]
    return Sheet(title, ["", *(f"{count:,}" for count in counts)], rows)


def _cell(row: Row) -> str:
    return row.faults or f"{row.rate:,.0f} ({row.p99:.1f}; {_megabytes(row.peak)})"


def _bodies(report: Report) -> Sheet:
    headings = ("", "requests/s", "MB/s", "× nginx", "CPU, µs", "peak, MB")
    rows = [
        [
            f"{row.subject}, {'answer' if row.group == 'answers' else 'request'} of {_size(row.at)}",
            *(
                [row.faults, *[""] * 4]
                if row.faults
                else [
                    f"{row.rate:,.0f}",
                    f"{row.rate * row.at / 1e6:,.0f}",
                    _number(compared(report, row, "nginx") or 0.0),
                    f"{row.cpu:,.0f}",
                    _megabytes(row.peak),
                ]
            ),
        ]
        for group in ("answers", "requests")
        for row in report.rows
        if row.group == group and row.family == "ours"
    ]
    return Sheet("Bodies that are passed on, over 4 connections", headings, rows)


def _figures(report: Report) -> Sheet:
    seconds = {
        "cold start to first answer, best": "cold start, best",
        "cold start to first answer, median": "cold start, median",
        "loading and compiling the first document": "load one",
    }
    figures = report.figures
    rows = [[name, f"{figures[key]:.3f} s"] for name, key in seconds.items() if key in figures]
    if {f"start of {count}" for count in (COUNTS[0], COUNTS[-1])} <= figures.keys():
        most = COUNTS[-1]
        taken = (figures[f"start of {most}"] - figures[f"start of {COUNTS[0]}"]) / (most - COUNTS[0])
        rows.append([f"each of {most:,} made-up documents, until they are served", f"{taken:.3f} s"])
    rows.append(["memory at rest", f"{_megabytes(figures['at rest'])} MB"])
    return Sheet("Starting", ("", "measured"), rows)


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _megabytes(value: float) -> str:
    return f"{value / 1e6:,.0f}"


def _size(value: int) -> str:
    return f"{value // 1_000_000} MB" if value >= 1_000_000 else f"{value // 1000} KB"
