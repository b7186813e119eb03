"""Resolve imports: find the entries that they refer to in shared files, and merge them before normalization."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final

from naftiko_run.diagnostics import Diagnostic, Pointer, Position, Report
from naftiko_run.document.imports.files import ImportedFiles, ImportFailure
from naftiko_run.document.imports.relocate import renamed, size_of, with_own_locations
from naftiko_run.document.imports.syntax import Entry, Import, Place, entries
from naftiko_run.document.source import SourceDocument
from naftiko_run.document.yaml_builder import MAX_VALUES
from naftiko_run.spec.document import SECTIONS

MAX_CHAIN: Final = 32
"""Maximum length of a chain of imports."""

MAX_NAMES: Final = 20
"""Maximum number of namespaces to list where the requested one does not exist."""

DUPLICATE: Final = "import-unique-alias"
"""The code of an import whose namespace is already defined."""


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of a file.

    Attributes:
        every: All entries and imports.
        named: Those with a namespace; the file's own entries take precedence over its imports.
        open_imports: The imports of whole sections.
    """

    every: list[Entry | Import]
    named: dict[str, Entry | Import]
    open_imports: list[Import]

    @classmethod
    def of(cls, every: list[Entry | Import]) -> _Section:
        own = {each.namespace: each for each in reversed(every) if isinstance(each, Entry)}
        imports = [each for each in every if isinstance(each, Import)]
        named: dict[str, Entry | Import] = {}
        for each in every:
            name = each.namespace if isinstance(each, Entry) else each.local
            if name:
                named.setdefault(name, own.get(name, each))
        return cls(every, named, [each for each in imports if not each.wanted])


class ImportResolver:
    """Resolves the imports of one document.

    Args:
        document: The document itself, which its files may import from in turn.
    """

    def __init__(self, document: SourceDocument) -> None:
        self._files = ImportedFiles(document)
        self._reported: dict[Diagnostic, None] = {}
        self._room = MAX_VALUES
        self._shelves: dict[tuple[int, str], _Section] = {}
        self._whole: dict[tuple[int, str], list[Entry]] = {}

    @property
    def sources(self) -> list[SourceDocument]:
        """Every readable file, the document first."""
        return self._files.sources

    @property
    def found(self) -> tuple[Diagnostic, ...]:
        """The diagnostics: those of files first, then those of imports."""
        return (*self._files.found, *self._reported)

    def report(self, written: Import, fault: ImportFailure, name: str = "") -> None:
        """Report why an import cannot be resolved.

        Args:
            written: The import.
            fault: Why.
            name: The entry that cannot be imported; empty for all.
        """
        source = written.place.source
        report = Report(source.file, source.locate)
        name = name or written.local
        what = f"`{name}` cannot be imported" if name else "nothing is imported"
        at = written.name_at if fault.code == DUPLICATE else written.file_at
        report.error(fault.code, f"{what}: {fault.reason}{fault.more}", at, fault.hint)
        self._reported.update(dict.fromkeys(report))

    def follow(self, written: Import, section: str, chain: tuple[Import, ...] = ()) -> list[Entry]:
        """Return the entries that an import refers to, under their names in the document.

        Args:
            written: The import.
            section: The section that contains it.
            chain: The imports that led to it.

        Raises:
            ImportFailure: It cannot be resolved.
        """
        if written in chain:
            raise _circle(chain[chain.index(written) :], written)
        if len(chain) >= MAX_CHAIN:
            raise ImportFailure(
                "import-too-far",
                f"more than {MAX_CHAIN} imports form a chain",
                hint="name the file that defines it",
            )
        source = self._files.open(written)
        chain = (*chain, written)
        if not written.wanted:
            return self._weighed(self._all(source, section, chain))
        (entry,) = self._weighed([self._select(source, section, written, chain)])
        return [_taken(entry, written, section)]

    def _all(self, source: SourceDocument, section: str, chain: tuple[Import, ...]) -> list[Entry]:
        """Return every entry of a section, including its own imports; report those that fail."""
        known = (id(source), section)
        if known not in self._whole:
            found: dict[tuple[Place, str], Entry] = {}
            for each in self._shelf(source, section).every:
                found |= {
                    (entry.place, entry.namespace): entry for entry in self._given(each, section, chain)
                }
            self._whole[known] = list(found.values())
        if not self._whole[known]:
            raise ImportFailure(
                "import-empty",
                f"`{chain[-1].file}` has no `{section}`",
                hint="name the file that defines them",
            )
        return self._whole[known]

    def _given(self, each: Entry | Import, section: str, chain: tuple[Import, ...]) -> list[Entry]:
        if isinstance(each, Entry):
            return [each]
        try:
            return self.follow(each, section, chain)
        except ImportFailure as fault:
            self.report(each, fault)
            return []

    def _select(
        self, source: SourceDocument, section: str, written: Import, chain: tuple[Import, ...]
    ) -> Entry:
        """Return the entry that an import names: the file's own, else one that the file imports."""
        shelf = self._shelf(source, section)
        found = shelf.named.get(written.wanted)
        if isinstance(found, Entry):
            return found
        if found is not None:
            return self._passed_on(found, section, chain)
        given = [entry for each in shelf.open_imports for entry in self._given(each, section, chain)]
        for entry in given:
            if entry.namespace == written.wanted:
                return entry
        if not written.is_exact and len(shelf.every) == 1 and isinstance(shelf.every[0], Entry):
            return shelf.every[0]
        raise _unknown(written, section, [*shelf.named, *(entry.namespace for entry in given)])

    def _shelf(self, source: SourceDocument, section: str) -> _Section:
        key = (id(source), section)
        if key not in self._shelves:
            self._shelves[key] = _Section.of(list(entries(source, section)))
        return self._shelves[key]

    def _weighed(self, taken: list[Entry]) -> list[Entry]:
        """Return entries; fail when all imports together exceed the size limit of one document."""
        for entry in taken:
            self._room -= size_of(entry.data, self._room)
            if self._room < 0:
                raise ImportFailure(
                    "import-too-much",
                    f"the imports of the document exceed {MAX_VALUES:,} values",
                    hint="import less, or split the document",
                )
        return taken

    def _passed_on(self, each: Import, section: str, chain: tuple[Import, ...]) -> Entry:
        try:
            (entry,) = self.follow(each, section, chain)
        except ImportFailure as fault:
            if fault.code == "import-circular":
                raise
            self.report(each, fault)
            reason = f"`{chain[-1].file}` imports it in turn, and that import fails"
            raise ImportFailure(
                "import-not-passed-on", reason, f": see {each.place}", "fix that import first"
            ) from None
        return entry


def _taken(entry: Entry, written: Import, section: str) -> Entry:
    """Return an entry under the name and description that its import gives it."""
    data, name = entry.data, written.local
    if section == "exposes" and data.get("type") == "control" and name != entry.namespace:
        raise ImportFailure("import-of-control", "a control adapter cannot be renamed", hint="remove `as`")
    if name != entry.namespace:
        data = renamed(data, entry.namespace, name)
    if written.description:
        data = {**data, "description": written.description}
    return Entry(entry.place, data, name)


def _circle(chain: tuple[Import, ...], again: Import) -> ImportFailure:
    files = [each.place.source.file or "<text>" for each in (*chain, again)]
    return ImportFailure(
        "import-circular",
        "the imports are circular",
        f": {' → '.join(files)}",
        "define it in one of them, and import it from there",
    )


def _unknown(written: Import, section: str, names: list[str]) -> ImportFailure:
    known = [name for name in dict.fromkeys(names) if name][:MAX_NAMES]
    close = get_close_matches(written.wanted, known, n=1)
    return ImportFailure(
        "import-unknown-namespace",
        f"`{written.file}` has no `{written.wanted}` under `{section}`",
        f"; it has {', '.join(f'`{name}`' for name in known)}" if known else "",
        f"did you mean `{close[0]}`?" if close else "name one that the file defines",
    )


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
