"""How long a catalogue takes to load: as many documents as are published, as large as they are.

Prints one table: milliseconds a document, the same as a ratio to libyaml's bare
parse of the text, and the memory that is left once all were dropped.

    make bench-loading
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.made_up import document
from naftiko_run.capability import Settings, compile_capability
from naftiko_run.document import load_text

DOCUMENTS: Final = 2292


def seconds(work: Callable[[str], Any], texts: list[str]) -> float:
    """Say how long a work takes over all texts; what it gives is dropped."""
    start = time.perf_counter()
    for text in texts:
        work(text)
    return time.perf_counter() - start


def resident() -> float:
    """Give the memory of this process, in MB; 0 where the system does not tell."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * 4096 / 1e6 if status.exists() else 0.0


def main() -> None:
    """Print the table."""
    settings = Settings(environment={"API_KEY": "made-up"})
    texts = [document(number) for number in range(DOCUMENTS)]
    works: dict[str, Callable[[str], Any]] = {
        "libyaml's bare parse": lambda text: yaml.load(text, Loader=yaml.CSafeLoader),
        "load": load_text,
        "load and compile": lambda text: compile_capability(load_text(text), settings),
    }
    for work in works.values():
        work(texts[0])
    before = resident()
    taken = {name: seconds(work, texts) for name, work in works.items()}
    bare = taken["libyaml's bare parse"]
    size = sum(map(len, texts)) / DOCUMENTS / 1000
    table = Table(
        title=f"{DOCUMENTS:,} documents of {size:.1f} KB on average, Python {sys.version.split()[0]}"
    )
    for heading in ("", "in all, s", "each, ms", "× bare parse"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, all_of_them in taken.items():
        table.add_row(
            name, f"{all_of_them:.1f}", f"{all_of_them / DOCUMENTS * 1000:.2f}", f"{all_of_them / bare:.2f}"
        )
    console = Console()
    console.print(table)
    console.print(f"memory once all were dropped: {resident() - before:+.1f} MB")


if __name__ == "__main__":
    main()
