"""The files that a document imports from, each read once; a file without a capability only defines parts or values."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any, Final

from naftiko_run.diagnostics import Diagnostic, Report
from naftiko_run.document.imports.syntax import ENDINGS, Import, is_import
from naftiko_run.document.normalize.consumes import normalize_consumes
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.document.source import SourceDocument, read
from naftiko_run.errors import DocumentError, SharedDocument
from naftiko_run.locations import candidates, is_file
from naftiko_run.spec.document import SECTIONS, VERSIONS

_OPENAPI: Final = {"openapi", "swagger"}
"""The keys that an OpenAPI document begins with."""


class ImportFailure(Exception):
    """An import that cannot be resolved.

    Args:
        code: The diagnostic's code.
        reason: Why, for callers of what depends on it; reveals nothing about this machine.
        more: Details for the author only.
        hint: How to fix it.
    """

    def __init__(self, code: str, reason: str, more: str = "", hint: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.more = more
        self.hint = hint


class ImportedFiles:
    """The files that one document imports from.

    Args:
        document: The document itself, which those files may import from in turn.

    Attributes:
        found: Diagnostics of files that cannot be read.
    """

    def __init__(self, document: SourceDocument) -> None:
        self.found: dict[Diagnostic, None] = {}
        self._read: dict[str, SourceDocument | None] = {os.path.realpath(document.file): document}

    @property
    def sources(self) -> list[SourceDocument]:
        """Every readable file, the document first."""
        return [source for source in self._read.values() if source is not None]

    def open(self, written: Import) -> SourceDocument:
        """Read the file that an import names.

        Raises:
            ImportFailure: The file cannot be read, or cannot be imported from.
        """
        if not written.file:
            raise ImportFailure(
                "import-from-required",
                "it does not name a file",
                hint="add `from` (naftiko line: `location`) with the file's path",
            )
        if written.is_openapi:
            raise _openapi(written)
        path = _path_of(written)
        name = os.path.realpath(path)
        if name not in self._read:
            try:
                self._read[name] = read(path)
            except DocumentError as fault:
                self._read[name] = None
                self.found.update(dict.fromkeys(fault.diagnostics))
        source = self._read[name]
        if source is None:
            raise ImportFailure(
                "import-not-readable",
                f"`{written.file}` cannot be read",
                f": see {path}",
                "fix that file first",
            )
        if isinstance(source.data, dict) and not _OPENAPI.isdisjoint(source.data):
            raise _openapi(written)
        return source


def _path_of(written: Import) -> Path:
    """Find the file that an import names.

    Raises:
        ImportFailure: There is no such file, or it may not be imported.
    """
    file = written.file
    if not is_file(file):
        raise ImportFailure(
            "import-remote",
            f"`{file}` is not a file, and remote documents are not fetched",
            hint="save it beside this document, and write its path, such as `./shared.yaml`",
        )
    if not file.endswith(ENDINGS):
        raise ImportFailure(
            "import-not-yaml",
            f"`{file}` is not a YAML file",
            hint=f"its name must end in {', '.join(ENDINGS)}",
        )
    tried = candidates(file, written.place.source.folder)
    for path in tried:
        with suppress(OSError):  # a name that is too long, or a folder without read permission
            if path.is_file():
                return path
    raise ImportFailure(
        "import-not-found",
        f"there is no file `{file}`",
        f"; tried {' and '.join(map(str, tried))}",
        "relative paths are resolved against the folder of the file that contains them",
    )


def _openapi(written: Import) -> ImportFailure:
    return ImportFailure(
        "import-of-openapi",
        f"`{written.file}` is an OpenAPI document, which cannot be imported",
        hint="describe the operations to call under `consumes`, with `baseUri` and `resources`",
    )


_OURS: Final = frozenset((*VERSIONS, "info", "name", "description", *SECTIONS))
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_OF_VALUES: Final = re.compile(r"secret|credential|token|\benv\b|\bvalues\b", re.IGNORECASE)


def check_not_shared(source: SourceDocument) -> None:
    """Raise for a valid file that only defines parts or values for other documents.

    Raises:
        SharedDocument: There is nothing to serve; carries the diagnostics.
    """
    data = source.data
    if not isinstance(data, dict) or "capability" in data:
        return
    what = _parts(data) or ("values" if holds_values(source) else "")
    if not what:
        return
    report = Report(source.file, source.locate)
    report.info(
        "shared-document",
        f"nothing to serve: the file only defines {what} for other documents",
        hint="serve a document that uses it",
    )
    if "consumes" in data:
        normalize_consumes(Reader(data, (), report), {}, lambda _: False)
    raise SharedDocument(list(report))


def _parts(data: dict[str, Any]) -> str:
    """Return the names of the sections that a file defines for others; empty where it defines none."""
    if not data.keys() <= _OURS:
        return ""
    found = [
        section for section in SECTIONS if any(_defined(each, section) for each in _entries(data, section))
    ]
    return " and ".join(f"`{section}`" for section in found)


def _entries(data: dict[str, Any], section: str) -> list[Any]:
    written = data.get(section)
    return (
        list(written.values()) if isinstance(written, dict) else written if isinstance(written, list) else []
    )


def _defined(entry: Any, section: str) -> bool:
    return isinstance(entry, dict) and bool(entry) and not is_import(entry, is_consumed=section == "consumes")


def holds_values(source: SourceDocument) -> bool:
    """Whether a file contains values by key, such as those of a bind's ``location``, which must not be shown."""
    data = source.data
    if not isinstance(data, dict) or not data or not data.keys().isdisjoint(_OURS):
        return False
    is_flat = all(isinstance(each, str | int | float) for each in data.values())
    is_named = _OF_VALUES.search(PurePath(source.file).name) is not None
    return is_flat and (is_named or all(_VARIABLE.match(key) for key in data))
