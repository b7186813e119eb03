"""Resolve imports: find the entries that they refer to in the shared files."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from naftiko_run.diagnostics import Diagnostic, Report
from naftiko_run.document.imports.files import ImportedFiles, ImportFailure
from naftiko_run.document.imports.relocate import renamed, size_of
from naftiko_run.document.imports.syntax import Entry, Import, Place, entries
from naftiko_run.document.source import SourceDocument
from naftiko_run.document.yaml_builder import MAX_VALUES

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
