"""Files without a capability: parts for other documents to import, and values for their binds."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any, Final

from naftiko_run.diagnostics import Report
from naftiko_run.document.imports.syntax import is_import
from naftiko_run.document.normalize.consumes import normalize_consumes
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.document.source import SourceDocument
from naftiko_run.errors import SharedDocument
from naftiko_run.spec.document import SECTIONS, VERSIONS

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
