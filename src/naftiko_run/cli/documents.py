"""The documents that a command line names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console

from naftiko_run.cli.console import print_warning
from naftiko_run.diagnostics import Diagnostic, Severity
from naftiko_run.document.remote import fetch, is_remote
from naftiko_run.errors import ConfigurationError

NO_INPUT: Final = 66
"""Exit code where a file of the command line does not exist."""
EMPTY: Final = "no-documents"
"""The code of a folder without documents."""

_ENDINGS = (".yaml", ".yml")


class NoDocuments(ConfigurationError):
    """A folder of the command line contains no document.

    Args:
        folder: The folder.

    Attributes:
        diagnostic: The error as a diagnostic.
    """

    def __init__(self, folder: Path) -> None:
        reason = "there is no capability document in this folder"
        hint = (
            "put a .yaml file there; in a container, mount a folder of them: "
            "-v $PWD/capabilities:/app/capabilities:ro"
        )
        super().__init__(f"{folder}: {reason}", hint=hint)
        self.diagnostic = Diagnostic(Severity.ERROR, EMPTY, reason, str(folder), hint=hint)


def find_documents(files: Sequence[str], console: Console) -> list[Path]:
    """Return the documents at paths and URLs, each once; see ``documents_at``.

    Args:
        files: As on the command line.
        console: Gets warnings.

    Raises:
        NoDocuments: A folder contains none.
        DocumentError: A document at a URL cannot be fetched.
    """
    return list(dict.fromkeys(each for file in files for each in documents_at(local_path(file, console))))


def local_path(file: str, console: Console) -> Path:
    """Return the path that an argument names; of a URL, that of a copy of the document that is fetched now.

    Raises:
        DocumentError: The document cannot be fetched.
    """
    return fetch(file, partial(print_warning, console)) if is_remote(file) else Path(file)


def documents_at(path: Path) -> list[Path]:
    """Return the documents at a path: a file itself, or all YAML files below a folder.

    Hidden files and folders are skipped, such as ``..data`` of a ConfigMap that is mounted as a volume.

    Raises:
        NoDocuments: The folder contains none.
    """
    if not path.is_dir():
        return [path]
    inside = sorted(
        each
        for each in path.rglob("*")
        if each.suffix in _ENDINGS and each.is_file() and not _is_hidden(each.relative_to(path))
    )
    if not inside:
        raise NoDocuments(path)
    return inside


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
