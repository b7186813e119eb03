"""The documents that a command line names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from naftiko_run.errors import ConfigurationError

NO_INPUT: Final = 66
"""Exit code where what the command line names is not there."""

_ENDINGS = (".yaml", ".yml")


class NoDocuments(ConfigurationError):
    """There is nothing to serve where the command line points."""


def find_documents(files: Sequence[Path]) -> list[Path]:
    """Give the documents that paths name: files as they are, folders for the YAML files below them.

    Raises:
        NoDocuments: A folder holds none.
    """
    found: dict[Path, None] = {}
    for path in files:
        if not path.is_dir():
            found[path] = None
            continue
        inside = sorted(
            each
            for each in path.rglob("*")
            if each.suffix in _ENDINGS and each.is_file() and not each.name.startswith(".")
        )
        if not inside:
            raise NoDocuments(
                f"{path}: there is no capability document in this folder",
                hint="put a .yaml file there; in a container, mount a folder of them: "
                "-v $PWD/capabilities:/app/capabilities:ro",
            )
        found.update(dict.fromkeys(inside))
    return list(found)
