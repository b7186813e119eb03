"""``python -m benchmarks``: measure, print the tables, and keep them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from rich.console import Console

from benchmarks.instructions import instructions
from benchmarks.machine import NotPossible
from benchmarks.page import write
from benchmarks.processes import NotStarted
from benchmarks.profile import NAMES, hottest, profile
from benchmarks.report import Report
from benchmarks.sheets import print_all, print_sheet
from benchmarks.subject import WrongAnswer
from benchmarks.suite import run

_WIDE: Final = 170
_COUNTED: Final = ("rest", "mapping", "mcp", "mcp-2025")


def main() -> int:
    """Do what the command line says; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only the key ratios, in under a minute")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep what was found in a file")
    parser.add_argument("--read", type=Path, metavar="FILE", help="measure nothing: take what a file has")
    parser.add_argument(
        "--write", type=Path, metavar="PAGE", help="write the tables between a page's markers"
    )
    commands = parser.add_subparsers(dest="command", metavar="profile | instructions")
    profiling = commands.add_parser("profile", help="write a profile of ours under load instead")
    profiling.add_argument("name", choices=NAMES)
    profiling.add_argument("--output", type=Path, help="default: NAME.speedscope.json")
    profiling.add_argument("--seconds", type=int, default=10)
    counting = commands.add_parser("instructions", help="count the instructions of a request instead")
    counting.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    options = parser.parse_args()
    if unknown := set(getattr(options, "names", ())) - NAMES.keys():
        counting.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    try:
        if options.command == "instructions":
            print_sheet(instructions(options.names or _COUNTED), _console())
            return 0
        if options.command:
            file = options.output or Path(f"{options.name}.speedscope.json")
            failed = profile(options.name, file, options.seconds)
            if not failed:
                print_sheet(hottest(file), _console())
            return failed
        report = Report.read(options.read) if options.read else run(quick=options.quick)
    except (NotPossible, NotStarted, WrongAnswer) as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    if options.json:
        report.write(options.json)
    if options.write:
        write(report, options.write)
    print_all(report, _console())
    return 1 if any(row.faults for row in report.rows) else 0


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=_WIDE)


if __name__ == "__main__":
    sys.exit(main())
