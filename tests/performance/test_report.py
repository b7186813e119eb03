"""What a run of the benchmark found: kept, read again, and written as tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.goals import GOALS
from benchmarks.page import BEGIN, END, write
from benchmarks.report import DIRECT, Report, Row
from benchmarks.sheets import markdown, print_all, sheets
from benchmarks.wrk import MARK, parse
from rich.console import Console

TOLD = f"""Running 1s test @ http://127.0.0.1:1
  2 threads and 32 connections
{MARK}{{"requests": 900, "microseconds": 450000, "bytes": 9, "p50": 1500.0, "p99": 20250.0, "connect": 0, "read": 0, "write": 0, "status": 0, "timeout": 0}}
"""


def row(subject: str, family: str, rate: float, *, at: int = 32, era: str = "", faults: str = "") -> Row:
    return Row("subjects", subject, family, at, at, rate, 0.1, 1.0, 4.0, 50.0, 60_000_000, faults, era)


def report(*rows: Row) -> Report:
    figures = {"cold start, best": 0.8, "cold start, median": 0.9, "at rest": 81e6}
    return Report("A machine", "2 rounds", {"Python": "3.11"}, list(rows), figures)


FOUND = report(
    row("nginx proxy_pass", "nginx", 50_000),
    row("constant", "constant", 20_000),
    row(DIRECT, "ours", 10_000),
    row("hand-written, worse", "hand-written", 500),
    row("hand-written, better", "hand-written", 1_000),
    row("ours, MCP", "ours", 9_000, era="2026-07-28"),
    row("SDK", "sdk", 3_000, era="2026-07-28"),
    row("ours, MCP", "ours", 9_000, era="2025-11-25"),
    row("SDK", "sdk", 2_000, era="2025-11-25"),
)


def cells(found: Report, title: str) -> dict[str, list[str]]:
    """Give a table's cells by the first of their row."""
    (sheet,) = [each for each in sheets(found) if each.title == title]
    return {first: list(others) for first, *others in sheet.rows}


def test_what_wrk_tells_is_read() -> None:
    load = parse(TOLD)
    assert (load.requests, load.rate, load.p50, load.p99, load.faults) == (900, 2000.0, 1.5, 20.25, "")


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        (TOLD.replace('"status": 0', '"status": 3'), "3 × status"),
        (TOLD.replace('"requests": 900', '"requests": 0'), "no answer"),
        (
            TOLD.replace('"timeout": 0', '"timeout": 1').replace('"read": 0', '"read": 2'),
            "2 × read, 1 × timeout",
        ),
    ],
)
def test_what_went_wrong_is_told(changed: str, fault: str) -> None:
    assert parse(changed).faults == fault


def test_a_wrk_that_does_not_run_is_told() -> None:
    with pytest.raises(ValueError, match="no such host"):
        parse("", "unable to resolve: no such host")


def test_a_ratio_is_to_the_best_of_its_kind_at_as_many_connections_and_in_the_same_era() -> None:
    found = report(*FOUND.rows, row("hand-written, better", "hand-written", 4_000, at=1))
    compared = cells(found, "What is compared")
    assert compared[DIRECT][1] == "10,000"
    assert compared[DIRECT][3:6] == ["0.20", "10.0", ""]
    assert compared["hand-written, worse"][4] == "0.50"
    goals = cells(found, "Goals")
    assert goals["MCP tools/call, of the official SDK's constant tool, 2026-07-28"][1:3] == ["3.00 ×", "met"]
    assert goals["MCP tools/call, of the official SDK's constant tool, 2025-11-25"][1:3] == [
        "4.50 ×",
        "missed",
    ]


def test_goals_are_met_missed_or_not_measured() -> None:
    goals = cells(FOUND, "Goals")
    assert len(goals) == len(GOALS)
    assert goals["REST direct call, of nginx proxy_pass"] == ["≥ 0.1 ×", "0.20 ×", "met", "0.2 ×, met"]
    assert goals["REST direct call, of the best hand-written app, 32 connections"][1:3] == [
        "10.0 ×",
        "missed",
    ]
    assert goals["REST direct call, of the best hand-written app, 1 connection"][1:3] == ["", "not measured"]
    assert goals["p99 of the REST direct call, of the constant server's p50"][:3] == [
        "≤ 5 ×",
        "4.00 ×",
        "met",
    ]
    assert goals["memory at rest"][:3] == ["≤ 80 MB", "81.0 MB", "missed"]
    assert goals["cold start to first answer, median"][:3] == ["≤ 1 s", "0.90 s", "met"]


def test_a_row_with_faults_counts_for_nothing() -> None:
    found = report(row("nginx proxy_pass", "nginx", 50_000), row(DIRECT, "ours", 10_000, faults="3 × status"))
    assert cells(found, "What is compared")[f"{DIRECT}: 3 × status"][1] == "—"
    assert cells(found, "Goals")["REST direct call, of nginx proxy_pass"][2] == "not measured"


def test_growth_is_a_table_with_a_column_for_each_count() -> None:
    found = report(
        *(
            replace(row("each", "ours", rate, at=count), group="documents")
            for count, rate in ((1, 1000.0), (1000, 950.0))
        )
    )
    for count in (1, 1000):
        found.figures |= {
            f"start of {count}": count / 50,
            f"first calls of {count}": 0.5,
            f"at rest of {count}": 9e7,
        }
    (sheet,) = [each for each in sheets(found) if each.title.endswith("by documents in one process")]
    assert [*sheet.headings] == ["", "1", "1,000"]
    assert sheet.rows[0] == ["each", "1,000 (4.0; 60)", "950 (4.0; 60)"]
    assert sheet.rows[1] == ["start to first answer, s", "0.02", "20.0"]
    assert cells(found, "Starting")["each of 1,000 made-up documents, until they are served"] == ["0.020 s"]


def test_a_report_is_kept(tmp_path: Path) -> None:
    FOUND.write(tmp_path / "found.json")
    assert Report.read(tmp_path / "found.json") == FOUND


def test_a_page_gets_the_tables_between_its_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}old\n{END}after\n", encoding="utf-8")
    write(FOUND, page)
    write(FOUND, page)
    written = page.read_text(encoding="utf-8")
    assert written == f"before\n{BEGIN}\n{markdown(FOUND)}\n\n{END}after\n"
    widths = [line.count("|") for line in written.splitlines() if line.startswith("|") and "nginx" in line]
    assert set(widths[:2]) == {12}


def test_a_page_without_markers_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing", encoding="utf-8")
    with pytest.raises(ValueError, match=r"page\.md has no line"):
        write(FOUND, page)
    assert page.read_text(encoding="utf-8") == "nothing"


def test_the_tables_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    print_all(FOUND, Console(width=170))
    printed = capsys.readouterr().out
    assert "ours, REST: a direct call" in printed
    assert "A machine. 2 rounds. Python 3.11." in printed
