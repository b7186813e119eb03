"""The environment that bindings read: the process's, and what ``.env`` files add to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from naftiko_run.bindings.files import read_variables
from naftiko_run.errors import LocationUnreadable

_USUAL = ".env"


def read_environment(
    environment: Mapping[str, str], folder: Path, files: Sequence[Path] | None
) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Add the variables of ``.env`` files to those of the process, which win.

    Args:
        environment: The process's.
        folder: The document's folder.
        files: What to read, a later one over an earlier one; None for ``.env`` in
            the working directory, and over it the one beside the document.

    Returns:
        The variables; and in words what could not be read.
    """
    if files is None:
        usual = [path for path in (Path(_USUAL), folder / _USUAL) if path.is_file()]
        files = [*dict.fromkeys(path.resolve() for path in usual)]
    added: dict[str, str] = {}
    faults: list[str] = []
    for file in files:
        try:
            added |= read_variables(file)
        except LocationUnreadable as fault:
            faults.append(fault.message)
    return ({**added, **environment} if added else environment), tuple(faults)
