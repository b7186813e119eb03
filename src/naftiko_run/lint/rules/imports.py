"""Imports, and the files that others import from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from naftiko_run.diagnostics import Severity
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.lint.document_view import Entry, Written, written_key
from naftiko_run.lint.rule import Finding, Rule


def _from_required(written: Written) -> Iterator[Finding]:
    for entry in _imports(written):
        if "import" in entry.data and not entry.text(*_file_keys(written)):
            wrong_key = written.is_ikanos and "location" in entry.data
            yield Finding(
                entry.at,
                f"the import of `{entry.text('import')}` does not say which file it is from",
                "write `from` where it says `location`" if wrong_key else "",
            )


def _import_required(written: Written) -> Iterator[Finding]:
    for entry in _imports(written):
        if "from" in entry.data and not entry.text("import"):
            yield Finding(
                entry.at, f"this entry does not say which namespace of `{entry.text('from')}` it imports"
            )


def _unique_alias(written: Written) -> Iterator[Finding]:
    seen = {
        (entry.section, entry.namespace): entry for entry in written.entries("consumes", "exposes", "binds")
    }
    seen |= {("aggregates", entry.namespace): entry for entry in written.entries("aggregates")}
    for section, entry in written.imports:
        namespace = entry.text("as", "import")
        first = seen.setdefault((section, namespace), Entry(section, entry))
        if namespace and first.reader.at != entry.at:
            yield Finding(
                written_key(entry, "as", "import"),
                f"`{namespace}` stands under `{section}` already, on line {written.line_of(first.reader.at)}",
            )


def _from_not_self(written: Written) -> Iterator[Finding]:
    own = PurePath(written.source.file).name
    for entry in _imports(written):
        file = entry.text(*_file_keys(written))
        if file and (str(PurePath(file)) == "." or str(PurePath(file)) == own):
            yield Finding(written_key(entry, "from", "location"), f"`{file}` is not another file")


def _standalone_no_imports(written: Written) -> Iterator[Finding]:
    if written.is_standalone:
        for section, entry in written.imports:
            yield Finding(
                entry.at,
                f"a file without `capability` does not import: other runtimes leave this entry of `{section}` out",
            )


def _exposes_namespace(written: Written) -> Iterator[Finding]:
    return _namespaces(written, "exposes", "adapter")


def _aggregates_namespace(written: Written) -> Iterator[Finding]:
    return _namespaces(written, "aggregates", "aggregate")


def _namespaces(written: Written, section: str, what: str) -> Iterator[Finding]:
    """Find entries without a namespace, at the root and in the capability; a control adapter there needs none."""
    for entry in written.entries(section):
        if entry.namespace:
            continue
        if entry.reader.at[0] == section:
            yield Finding(entry.reader.at, f"the {what} has no `namespace`, so no other file can import it")
        elif entry.reader.text("type").casefold() != "control":
            yield Finding(
                entry.reader.at, f"the {what} has no `namespace`, so nothing can refer to what it has"
            )


def _imports(written: Written) -> Iterator[Reader]:
    return (entry.reader for entry in written.imports)


def _file_keys(written: Written) -> tuple[str, ...]:
    """Give the keys that name the file: the naftiko line calls it ``location``."""
    return ("from",) if written.is_ikanos else ("from", "location", "ref", "openapi")


RULES: Final = (
    Rule(
        "import-from-required",
        Severity.ERROR,
        "An import says which file it is from.",
        "add `from` (naftiko line: `location`) with the file's path",
        _from_required,
        frozenset({"import-from-required"}),
    ),
    Rule(
        "import-import-required",
        Severity.ERROR,
        "An import says which namespace it takes.",
        "add `import` with the namespace's name",
        _import_required,
    ),
    Rule(
        "import-unique-alias",
        Severity.ERROR,
        "An import's namespace, `as` or else `import`, is unique in its section.",
        "give it another name with `as`",
        _unique_alias,
        frozenset({"import-unique-alias"}),
    ),
    Rule(
        "import-from-not-self",
        Severity.WARNING,
        "A document does not import from itself.",
        "name the file that defines it; what stands in this document needs no import",
        _from_not_self,
    ),
    Rule(
        "standalone-no-imports",
        Severity.ERROR,
        "A file without `capability`, which others import from, imports nothing itself.",
        "import it in the document that has the `capability`",
        _standalone_no_imports,
    ),
    Rule(
        "exposes-namespace-required",
        Severity.ERROR,
        "An adapter has a namespace; a control adapter only at the root of a document, for others to import.",
        "add `namespace`",
        _exposes_namespace,
    ),
    Rule(
        "aggregates-namespace-required",
        Severity.ERROR,
        "An aggregate has a namespace.",
        "add `namespace`",
        _aggregates_namespace,
        told_by=frozenset({"nameless-aggregate"}),
    ),
)
