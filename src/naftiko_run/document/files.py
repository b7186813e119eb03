"""The files that a document consists of: itself, those that it imports from, and those that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from naftiko_run.document.imports.resolver import resolve_imports
from naftiko_run.document.source import read
from naftiko_run.errors import DocumentError
from naftiko_run.locations import candidates, is_file

_NAMING_KEYS: Final = ("location", "defaultLocation", "from", "import")
"""The keys whose values always name a file or folder."""
_PATH: Final = re.compile(r"(?=.*[./])[^\s{}<>|\"*?:]{1,255}\Z")
"""Text that may be the path of a file."""


@dataclass(slots=True)
class DocumentFiles:
    """The files that a document consists of; some may not exist.

    Attributes:
        files: The files.
        folders: Folders whose files are used, such as that of scripts.
    """

    files: set[Path] = field(default_factory=set)
    folders: set[Path] = field(default_factory=set)


def find_files(document: Path) -> DocumentFiles:
    """Return the files that a document consists of, as far as it can be read."""
    found = DocumentFiles({document})
    try:
        whole = resolve_imports(read(document))
    except DocumentError:
        return found
    for source in whole.sources:
        found.files.add(Path(source.file))
        for path in _named(source.data, source.folder):
            (found.folders if path.is_dir() else found.files).add(path)
    return found


def _named(value: Any, folder: Path, key: str = "") -> Iterator[Path]:
    """Yield the files that text in a value names."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _named(each, folder, name)
    elif isinstance(value, list):
        for each in value:
            yield from _named(each, folder, key)
    elif isinstance(value, str) and is_file(value):
        always = key in _NAMING_KEYS or value.startswith("file:")
        if always or _PATH.match(value):
            for path in candidates(value, folder):
                if always or _is_existing_file(path):
                    yield path


def _is_existing_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
