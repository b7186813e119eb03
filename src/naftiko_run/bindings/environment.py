"""The environment of bindings: the variables of the process and of ``.env`` files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from naftiko_run.bindings.files import read_variables
from naftiko_run.errors import LocationUnreadable

_DEFAULT_NAME = ".env"


def read_environment(
    environment: Mapping[str, str], folder: Path, files: Sequence[Path] | None
) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Return the variables of the process and of ``.env`` files; those of the process take precedence.

    Args:
        environment: The variables of the process.
        folder: The document's folder.
        files: The files to read, a later one overrides an earlier one; None for ``.env`` in the working directory
            and then beside the document.

    Returns:
        The variables, and messages about files that cannot be read.
    """
    if files is None:
        candidates = (Path(_DEFAULT_NAME), folder / _DEFAULT_NAME)
        files = [*dict.fromkeys(path.resolve() for path in candidates if path.is_file())]
    added: dict[str, str] = {}
    faults: list[str] = []
    for file in files:
        try:
            added |= read_variables(file)
        except LocationUnreadable as fault:
            faults.append(fault.message)
    return ({**added, **environment} if added else environment), tuple(faults)
