"""``naftiko-run`` as a process on free ports."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMAND = Path(sysconfig.get_path("scripts")) / "naftiko-run"


@dataclass(frozen=True, slots=True)
class Command:
    """A running ``naftiko-run``.

    Attributes:
        process: The process.
        said: The lines of its start-up.
    """

    process: subprocess.Popen[str]
    said: tuple[str, ...]

    def url(self, kind: str) -> str:
        """Give the URL that it told for its adapter of a type."""
        (url,) = [line.split()[1] for line in self.said if line.startswith(f"{kind} ")]
        return url


@contextmanager
def started(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> Iterator[Command]:
    """Start ``naftiko-run``, wait until it is ready, and end it in the end."""
    with subprocess.Popen(
        [COMMAND, *arguments, "--port", "rest=0", "--port", "mcp=0"],
        env={"PATH": os.environ["PATH"], **(environment or {})},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            said: list[str] = []
            while not said or not said[-1].startswith("ready"):
                line = process.stderr.readline()
                assert line, f"naftiko-run ended: {said}"
                said.append(line)
            yield Command(process, tuple(said))
        finally:
            process.kill()
