"""Merge shared files into the document that imports from them, before normalization."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from naftiko_run.diagnostics import Diagnostic, Pointer, Position, Report
from naftiko_run.document.imports.files import ImportFailure
from naftiko_run.document.imports.relocate import with_own_locations
from naftiko_run.document.imports.resolver import DUPLICATE, ImportResolver
from naftiko_run.document.imports.syntax import Entry, Import, Place, entries
from naftiko_run.document.source import SourceDocument
from naftiko_run.spec.document import SECTIONS


@dataclass(frozen=True, slots=True)
class Origins:
    """Where each part of a merged document is defined.

    Attributes:
        source: The document itself.
        moved: Entries of sections, ``("capability", section, index)``, that are
            defined in another file, or elsewhere in the document.
    """

    source: SourceDocument
    moved: Mapping[Pointer, Place] = field(default_factory=dict)

    def report(self) -> Report:
        """Return a report that attributes each diagnostic to the file that defines the part."""
        if not self.moved:
            return Report(self.source.file, self.source.locate)
        return Report(self.source.file, self._locate, self._origin)

    def _place(self, pointer: Pointer) -> Place:
        entry = self.moved.get(pointer[:3])
        return Place(entry.source, entry.at + pointer[3:]) if entry else Place(self.source, pointer)

    def _locate(self, pointer: Pointer) -> Position:
        source, at = self._place(pointer)
        return source.locate(at)

    def _origin(self, pointer: Pointer) -> tuple[str, Pointer]:
        source, at = self._place(pointer)
        return source.file, at


@dataclass(frozen=True, slots=True)
class MergedDocument:
    """A document with its imports resolved.

    Attributes:
        data: Plain data: the sections that have imports, and those
            beside ``capability``, are lists under ``capability``.
        origins: Where its parts are defined.
        sources: The document, and every file that it imports from.
        faults: By section, the namespaces that could not be imported, and why.
        diagnostics: Diagnostics of the imports.
    """

    data: Any
    origins: Origins
    sources: tuple[SourceDocument, ...]
    faults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()


def resolve_imports(source: SourceDocument) -> MergedDocument:
    """Return a document with its imports resolved; one without imports is unchanged."""
    data = source.data
    if not isinstance(data, dict) or not _is_runnable(data):
        return MergedDocument(data, Origins(source), (source,))
    written = {section: list(entries(source, section)) for section in SECTIONS}
    touched = [section for section in SECTIONS if _is_spread(data, section, written[section])]
    if not touched:
        return MergedDocument(data, Origins(source), (source,))
    report = Report(source.file, source.locate)
    if "capability" not in data:
        report.warning(
            "missing-capability",
            "`consumes` and `exposes` are at the root; they are read as part of the capability",
            ("exposes",),
            hint="move them under a root key `capability:`",
        )
    merging = _Merger(source)
    for section in touched:
        merging.merge(section, list(entries(source, section, report)))
    merging.bring_binds(written["binds"])
    return merging.whole(source, tuple(report))


def _is_runnable(data: dict[str, Any]) -> bool:
    """Whether it defines a capability, and not only parts for others to import."""
    if "capability" in data:
        return isinstance(data["capability"], dict)
    return "consumes" in data and "exposes" in data


def _is_spread(data: dict[str, Any], section: str, written: list[Entry | Import]) -> bool:
    """Whether a section has imports, or entries at the root."""
    return any(isinstance(each, Import) for each in written) or (section in data and section != "binds")


class _Merger:
    """Merges imported entries into the sections of a document."""

    def __init__(self, document: SourceDocument) -> None:
        self._library = ImportResolver(document)
        self._home = document.folder
        self._sections: dict[str, list[tuple[Place, dict[str, Any]]]] = {}
        self._faults: dict[str, dict[str, str]] = {}
        self._imported: list[Entry] = []

    def merge(self, section: str, written: list[Entry | Import]) -> None:
        """Replace the imports of a section by the entries that they refer to."""
        rows = self._sections[section] = []
        taken = {each.namespace: each.place for each in written if isinstance(each, Entry) and each.namespace}
        for each in written:
            if isinstance(each, Entry):
                rows.append((each.place, _named(each)))
                continue
            for entry in self._follow(each, section):
                if entry.namespace in taken:
                    self._report_duplicate(each, entry, taken[entry.namespace])
                    continue
                if entry.namespace:
                    taken[entry.namespace] = entry.place
                self._imported.append(entry)
                folder = entry.place.source.folder
                rows.append((entry.place, with_own_locations(_named(entry), section, folder, self._home)))

    def bring_binds(self, own: list[Entry | Import]) -> None:
        """Add the binds of imported entries: the variables that they read and their own files bind."""
        brought: dict[Place, dict[str, Any]] = {}
        for source in {id(entry.place.source): entry.place.source for entry in self._imported}.values():
            text = repr([entry.data for entry in self._imported if entry.place.source is source])
            for bind in entries(source, "binds"):
                if isinstance(bind, Entry) and (keys := _read_keys(bind, text)):
                    named = {**_named(bind), "keys": keys}
                    brought[bind.place] = with_own_locations(named, "binds", source.folder, self._home)
        rows = self._sections.get("binds")
        if rows is None:
            rows = [(each.place, _named(each)) for each in own if isinstance(each, Entry)]
        here = {place for place, _ in rows}
        new = [(place, bind) for place, bind in brought.items() if place not in here]
        if new:
            self._sections["binds"] = new + rows

    def whole(self, source: SourceDocument, diagnostics: tuple[Diagnostic, ...]) -> MergedDocument:
        """Return the document with its sections."""
        root = {key: value for key, value in source.data.items() if key not in self._sections}
        sections = {section: [entry for _, entry in rows] for section, rows in self._sections.items()}
        moved: dict[Pointer, Place] = {
            ("capability", section, index): place
            for section, rows in self._sections.items()
            for index, (place, _) in enumerate(rows)
        }
        return MergedDocument(
            {**root, "capability": {**root.get("capability", {}), **sections}},
            Origins(source, moved),
            tuple(self._library.sources),
            self._faults,
            (*diagnostics, *self._library.found),
        )

    def _follow(self, written: Import, section: str) -> list[Entry]:
        try:
            return self._library.follow(written, section)
        except ImportFailure as fault:
            self._library.report(written, fault)
            self._faults.setdefault(section, {})[written.local] = f"its import failed: {fault.reason}"
            return []

    def _report_duplicate(self, written: Import, entry: Entry, known: Place) -> None:
        if not written.wanted and known == entry.place:
            return
        fault = ImportFailure(
            DUPLICATE,
            "another entry has this name",
            f": see {known}",
            "give it another name with `as`",
        )
        self._library.report(written, fault, entry.namespace)


def _named(entry: Entry) -> dict[str, Any]:
    """Return an entry with its name as a field, as a list needs it."""
    return {**entry.data, "namespace": entry.namespace} if entry.namespace else entry.data


def _read_keys(bind: Entry, text: str) -> dict[str, Any]:
    """Return the keys of a bind whose variables a text mentions."""
    keys = bind.data.get("keys")
    if isinstance(keys, list):
        keys = {str(key): key for key in keys}
    return {name: key for name, key in keys.items() if name in text} if isinstance(keys, dict) else {}
