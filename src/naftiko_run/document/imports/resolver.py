"""The shared files of a document, searched for what its imports name."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from naftiko_run.diagnostics import Diagnostic, Report
from naftiko_run.document.imports.files import Files, ImportFault
from naftiko_run.document.imports.relocate import renamed, size_of
from naftiko_run.document.imports.syntax import Entry, Import, Place, entries
from naftiko_run.document.source import Source
from naftiko_run.document.yaml_builder import MAX_VALUES

MAX_CHAIN: Final = 32
"""How many imports may lead from one to the next."""

MOST_NAMES: Final = 20
"""How many namespaces are told of where another was wanted."""

DUPLICATE: Final = "import-unique-alias"
"""The code of an import whose namespace is taken."""


@dataclass(frozen=True, slots=True)
class _Shelf:
    """A section of a file.

    Attributes:
        every: All that is there.
        named: What has a namespace, the file's own before what it imports.
        open_imports: The imports that name none.
    """

    every: list[Entry | Import]
    named: dict[str, Entry | Import]
    open_imports: list[Import]

    @classmethod
    def of(cls, every: list[Entry | Import]) -> _Shelf:
        own = {each.namespace: each for each in reversed(every) if isinstance(each, Entry)}
        imports = [each for each in every if isinstance(each, Import)]
        named: dict[str, Entry | Import] = {}
        for each in every:
            name = each.namespace if isinstance(each, Entry) else each.local
            if name:
                named.setdefault(name, own.get(name, each))
        return cls(every, named, [each for each in imports if not each.wanted])


class Library:
    """The files that one document imports from.

    Args:
        document: The document itself, which they may import from in turn.
    """

    def __init__(self, document: Source) -> None:
        self._files = Files(document)
        self._told: dict[Diagnostic, None] = {}
        self._room = MAX_VALUES
        self._shelves: dict[tuple[int, str], _Shelf] = {}
        self._whole: dict[tuple[int, str], list[Entry]] = {}

    @property
    def sources(self) -> list[Source]:
        """Every file that could be read, the document first."""
        return self._files.sources

    @property
    def found(self) -> tuple[Diagnostic, ...]:
        """What was found: what is wrong with files first, then with imports."""
        return (*self._files.found, *self._told)

    def tell(self, written: Import, fault: ImportFault, name: str = "") -> None:
        """Take down why an import gives nothing.

        Args:
            written: The import.
            fault: Why.
            name: The one of its entries that it cannot give; empty for all.
        """
        source = written.place.source
        report = Report(source.file, source.locate)
        name = name or written.local
        what = f"`{name}` cannot be imported" if name else "nothing is imported"
        at = written.name_at if fault.code == DUPLICATE else written.file_at
        report.error(fault.code, f"{what}: {fault.reason}{fault.more}", at, fault.hint)
        self._told.update(dict.fromkeys(report))

    def follow(self, written: Import, section: str, chain: tuple[Import, ...] = ()) -> list[Entry]:
        """Give the entries that an import stands for, each where it is written and by its name here.

        Args:
            written: The import.
            section: Where it stands.
            chain: The imports that led to it.

        Raises:
            ImportFault: There are none.
        """
        if written in chain:
            raise _circle(chain[chain.index(written) :], written)
        if len(chain) >= MAX_CHAIN:
            raise ImportFault(
                "import-too-far",
                f"more than {MAX_CHAIN} imports lead from one to the next",
                hint="name the file that defines it",
            )
        source = self._files.open(written)
        chain = (*chain, written)
        if not written.wanted:
            return self._weighed(self._all(source, section, chain))
        (entry,) = self._weighed([self._select(source, section, written, chain)])
        return [_taken(entry, written, section)]

    def _all(self, source: Source, section: str, chain: tuple[Import, ...]) -> list[Entry]:
        """Give every entry of a section, those that it imports in turn too; what cannot be imported is told."""
        known = (id(source), section)
        if known not in self._whole:
            found: dict[tuple[Place, str], Entry] = {}
            for each in self._shelf(source, section).every:
                found |= {
                    (entry.place, entry.namespace): entry for entry in self._given(each, section, chain)
                }
            self._whole[known] = list(found.values())
        if not self._whole[known]:
            raise ImportFault(
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
        except ImportFault as fault:
            self.tell(each, fault)
            return []

    def _select(self, source: Source, section: str, written: Import, chain: tuple[Import, ...]) -> Entry:
        """Give the one entry that an import names: the file's own, else one that the file imports."""
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

    def _shelf(self, source: Source, section: str) -> _Shelf:
        key = (id(source), section)
        if key not in self._shelves:
            self._shelves[key] = _Shelf.of(list(entries(source, section)))
        return self._shelves[key]

    def _weighed(self, taken: list[Entry]) -> list[Entry]:
        """Give entries, where all that was taken so far is no larger than one document may be."""
        for entry in taken:
            self._room -= size_of(entry.data, self._room)
            if self._room < 0:
                raise ImportFault(
                    "import-too-much",
                    f"what the document imports is more than {MAX_VALUES:,} values",
                    hint="import less, or split the document",
                )
        return taken

    def _passed_on(self, each: Import, section: str, chain: tuple[Import, ...]) -> Entry:
        try:
            (entry,) = self.follow(each, section, chain)
        except ImportFault as fault:
            if fault.code == "import-circular":
                raise
            self.tell(each, fault)
            reason = f"`{chain[-1].file}` imports it itself, and that fails"
            raise ImportFault(
                "import-not-passed-on", reason, f": see {each.place}", "mend that import first"
            ) from None
        return entry


def _taken(entry: Entry, written: Import, section: str) -> Entry:
    """Give an entry as its import wants it: by its name here, and with the import's description."""
    data, name = entry.data, written.local
    if section == "exposes" and data.get("type") == "control" and name != entry.namespace:
        raise ImportFault("import-of-control", "a control adapter takes no other name", hint="leave `as` out")
    if name != entry.namespace:
        data = renamed(data, entry.namespace, name)
    if written.description:
        data = {**data, "description": written.description}
    return Entry(entry.place, data, name)


def _circle(chain: tuple[Import, ...], again: Import) -> ImportFault:
    files = [each.place.source.file or "<text>" for each in (*chain, again)]
    return ImportFault(
        "import-circular",
        "the files import it from one another",
        f": {' → '.join(files)}",
        "define it in one of them, and import it from there",
    )


def _unknown(written: Import, section: str, names: list[str]) -> ImportFault:
    known = [name for name in dict.fromkeys(names) if name][:MOST_NAMES]
    close = get_close_matches(written.wanted, known, n=1)
    return ImportFault(
        "import-unknown-namespace",
        f"`{written.file}` has no `{written.wanted}` under `{section}`",
        f"; it has {', '.join(f'`{name}`' for name in known)}" if known else "",
        f"did you mean `{close[0]}`?" if close else "name one that the file defines",
    )
