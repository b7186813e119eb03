"""The documents that a command line names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from naftiko_run.diagnostics import Diagnostic, Severity
from naftiko_run.errors import ConfigurationError

NO_INPUT: Final = 66
"""Exit code where what the command line names is not there."""
EMPTY: Final = "no-documents"
"""The code of a folder without documents."""

_ENDINGS = (".yaml", ".yml")


class NoDocuments(ConfigurationError):
    """There is nothing to serve where the command line points.

    Args:
        folder: The folder that holds nothing.

    Attributes:
        finding: The same as a finding.
    """

    def __init__(self, folder: Path) -> None:
        reason = "there is no capability document in this folder"
        hint = (
            "put a .yaml file there; in a container, mount a folder of them: "
            "-v $PWD/capabilities:/app/capabilities:ro"
        )
        super().__init__(f"{folder}: {reason}", hint=hint)
        self.diagnostic = Diagnostic(Severity.ERROR, EMPTY, reason, str(folder), hint=hint)


def find_documents(files: Sequence[Path]) -> list[Path]:
    """Give the documents that paths name, each once; see ``documents_at``.

    Raises:
        NoDocuments: A folder holds none.
    """
    return list(dict.fromkeys(each for path in files for each in documents_at(path)))


def documents_at(path: Path) -> list[Path]:
    """Give the documents that a path names: a file as it is, a folder for the YAML files below it.

    Raises:
        NoDocuments: The folder holds none.
    """
    if not path.is_dir():
        return [path]
    inside = sorted(
        each
        for each in path.rglob("*")
        if each.suffix in _ENDINGS and each.is_file() and not each.name.startswith(".")
    )
    if not inside:
        raise NoDocuments(path)
    return inside
