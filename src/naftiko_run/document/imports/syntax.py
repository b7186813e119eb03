"""The entries and imports in the sections of a file, in all the forms that authors write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from naftiko_run.diagnostics import Pointer, Report
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.document.source import SourceDocument
from naftiko_run.spec.document import IMPORT_MARKS, IMPORT_MARKS_OF_CONSUMES
from naftiko_run.spec.table import BASE_URI, CONSUMED_NAMESPACE, IMPORTED_FILE

ENDINGS: Final = (".yaml", ".yml", ".json")
"""File name extensions that can be imported from."""

_NAME: Final = ("as", "namespace", "import", "name")


def is_import(entry: Mapping[str, Any], *, is_consumed: bool) -> bool:
    """Whether an entry of a section is an import."""
    if is_consumed and any(key in entry for key in BASE_URI):
        return False
    return any(key in entry for key in (IMPORT_MARKS_OF_CONSUMES if is_consumed else IMPORT_MARKS))


class Place(NamedTuple):
    """A place in one file."""

    source: SourceDocument
    at: Pointer

    def __str__(self) -> str:
        """``file:line:column``."""
        line, column = self.source.locate(self.at)
        return f"{self.source.file or '<text>'}:{line}:{column}"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a section.

    Attributes:
        place: Where it is defined.
        data: The entry as written.
        namespace: The name that references use.
    """

    place: Place
    data: dict[str, Any]
    namespace: str


@dataclass(frozen=True, slots=True)
class Import:
    """An entry that another file defines.

    Attributes:
        place: Where it is written.
        file: The other file, as written; empty where it is missing.
        file_at: Where the file is named.
        wanted: The namespace in that file; empty for all.
        local: Its namespace in this document; empty for that in the file.
        is_exact: Whether ``wanted`` was written as such. Otherwise it also
            matches the only entry of the file, under any name.
        is_openapi: Whether the file is declared as an OpenAPI document.
        description: Its description.
        name_at: Where its namespace in this document is written.
    """

    place: Place
    file: str
    file_at: Pointer
    wanted: str = ""
    local: str = ""
    is_exact: bool = False
    is_openapi: bool = False
    description: str = ""
    name_at: Pointer = ()

    @classmethod
    def of(cls, written: Reader, source: SourceDocument) -> Import:
        """Parse an import in any of the forms that authors write."""
        key = next((key for key in IMPORTED_FILE if written.text(key)), "")
        file, wanted = written.text(key), written.text("import")
        if not file and wanted.endswith(ENDINGS):
            key, file, wanted = "import", wanted, ""
        local = written.text("as", "namespace") or written.key or wanted or written.text("name", "openapi")
        return cls(
            Place(source, written.at),
            file,
            (*written.at, key) if key in written.data else written.at,
            wanted or ("" if local == file else local),
            "" if local == file else local,
            bool(wanted),
            "openapi" in written.data,
            written.text("description"),
            next(((*written.at, each) for each in _NAME if each in written.data), written.at),
        )


def entries(source: SourceDocument, section: str, report: Report | None = None) -> Iterator[Entry | Import]:
    """Yield the entries of a section of a file: those at the root, then those of the capability.

    Args:
        source: The file.
        section: Its name; ``consumes`` includes the imports beside the sections.
        report: Receives warnings about values of the wrong type.
    """
    if not isinstance(source.data, dict):
        return
    root = Reader(source.data, (), report or Report(source.file))
    capability = source.data.get("capability")
    owners = [root]
    if isinstance(capability, dict):
        owners.append(Reader(capability, ("capability",), root.report))
    for owner in owners:
        for each in owner.members(section):
            if is_import(each.data, is_consumed=section == "consumes"):
                yield Import.of(each, source)
            else:
                namespace = each.text(*CONSUMED_NAMESPACE) or each.key
                yield Entry(Place(source, each.at), each.data, namespace)
    if section == "consumes":
        for owner in owners:
            yield from _beside_sections(owner, source)


def _beside_sections(owner: Reader, source: SourceDocument) -> Iterator[Import]:
    """Yield the imports under ``import`` or ``imports``: file names or mappings; one, a list or a named map."""
    for key in ("import", "imports"):
        written, at = owner.data.get(key), (*owner.at, key)
        members: list[tuple[Pointer, str, Any]] = [(at, "", written)]
        if isinstance(written, list):
            members = [((*at, index), "", each) for index, each in enumerate(written)]
        elif isinstance(written, dict) and not any(
            isinstance(written.get(file), str) for file in IMPORTED_FILE
        ):
            members = [((*at, name), name, each) for name, each in written.items()]
        for place, name, each in members:
            if isinstance(each, dict):
                yield Import.of(Reader(each, place, owner.report, name), source)
            elif isinstance(each, str):
                yield Import(Place(source, place), each, place, name, name, name_at=place)
            elif each is not None:
                owner.report.warning("wrong-type", f"`{key}` must name files; this was ignored", place)
