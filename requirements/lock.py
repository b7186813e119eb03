"""Lock what is installed: exact versions with hashes, for every supported Python and platform.

``make lock`` runs it. Each file beside it is a requirements file that plain pip
installs with ``--require-hashes``; none names an index, so that a mirror serves as well.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent
ROOT: Final = FOLDER.parent

LOCKS: Final[dict[str, tuple[str, ...]]] = {
    "dev": ("pyproject.toml", "--extra", "all", "--group", "dev", "--group", "build"),
    "run": ("pyproject.toml",),
    "all": ("pyproject.toml", "--extra", "all"),
    "build": ("--group", "build"),
    "bench": ("pyproject.toml", "--group", "bench"),
    "conformance": ("--group", "conformance"),
    "docker": ("--group", "docker"),
    "docs": ("--group", "docs"),
    "lock": ("--group", "lock"),
    "release": ("--group", "release", "--group", "build"),
}
"""What each file holds, as uv's arguments. The first has what most others have, and decides their versions."""

FIRST: Final = next(iter(LOCKS))
_INPUTS: Final = "# inputs: "


def path_of(lock: str) -> Path:
    """Return the path of a lock's file."""
    return FOLDER / f"{lock}.txt"


def inputs(lock: str) -> str:
    """Return a digest of what a lock is made from: its arguments, and what they name in ``pyproject.toml``."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = pyproject["project"]
    arguments = LOCKS[lock]
    parts = [
        project["requires-python"],
        arguments,
        project["dependencies"] if "pyproject.toml" in arguments else None,
        project["optional-dependencies"] if "--extra" in arguments else None,
        {name: group for name, group in pyproject["dependency-groups"].items() if name in arguments},
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def stale() -> list[str]:
    """Return the locks that are missing, or that were made from another ``pyproject.toml``."""
    return [lock for lock in LOCKS if f"{_INPUTS}{inputs(lock)}" not in _first_lines(path_of(lock))]


def write(lock: str, options: list[str]) -> None:
    """Resolve a lock anew, keeping the versions that its file has where they still fit, and write what changed.

    Args:
        lock: One of `LOCKS`.
        options: For ``uv pip compile``, such as ``--upgrade``.

    Raises:
        subprocess.CalledProcessError: uv found no solution, or could not reach the package index.
    """
    path = path_of(lock)
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    lowest = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "requires-python"
    ]
    with TemporaryDirectory() as made:
        output = Path(made, path.name)
        output.write_text(old, encoding="utf-8")
        command = [
            *(sys.executable, "-m", "uv", "--system-certs", "--quiet", "pip", "compile"),
            *("--universal", "--python-version", lowest.removeprefix(">="), "--generate-hashes"),
            *("--no-header", "--no-annotate", "--no-emit-index-url", "--output-file", str(output)),
            *(() if lock == FIRST else ("--constraints", str(path_of(FIRST)))),
            *LOCKS[lock],
            *options,
        ]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
        name = path.relative_to(ROOT).as_posix()
        head = f"# Made by `make lock`; do not edit. Install with: pip install --require-hashes -r {name}\n"
        new = f"{head}{_INPUTS}{inputs(lock)}\n{output.read_text(encoding='utf-8')}"
    if new != old:
        path.write_text(new, encoding="utf-8")


def _first_lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()[:2] if path.exists() else []


def main() -> int:
    """Write the locks, or check that they are current; return the exit code."""
    parser = argparse.ArgumentParser(description="Lock what is installed, or check the locks.")
    parser.add_argument("--check", action="store_true", help="say which locks are stale; write nothing")
    arguments, options = parser.parse_known_args()
    if arguments.check:
        if old := stale():
            names = ", ".join(f"requirements/{lock}.txt" for lock in old)
            print(f"Stale against pyproject.toml: {names}. Run: make lock", file=sys.stderr)
        return 1 if old else 0
    for lock in LOCKS:
        print(f"Locking requirements/{lock}.txt", flush=True)
        try:
            write(lock, options)
        except subprocess.CalledProcessError as failed:
            return failed.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
