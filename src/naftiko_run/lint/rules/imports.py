"""Imports, and the files that others import from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from naftiko_run.diagnostics import Severity
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.lint.document_view import DocumentView, SectionEntry, key_pointer
from naftiko_run.lint.rule import Finding, Rule


def _from_required(view: DocumentView) -> Iterator[Finding]:
    for entry in _imports(view):
        if "import" in entry.data and not entry.text(*_file_keys(view)):
            wrong_key = view.is_ikanos and "location" in entry.data
            yield Finding(
                entry.at,
                f"the import of `{entry.text('import')}` does not name a file",
                "write `from` instead of `location`" if wrong_key else "",
            )


def _import_required(view: DocumentView) -> Iterator[Finding]:
    for entry in _imports(view):
        if "from" in entry.data and not entry.text("import"):
            yield Finding(
                entry.at, f"this entry does not say which namespace of `{entry.text('from')}` it imports"
            )


def _unique_alias(view: DocumentView) -> Iterator[Finding]:
    seen = {(entry.section, entry.namespace): entry for entry in view.entries("consumes", "exposes", "binds")}
    seen |= {("aggregates", entry.namespace): entry for entry in view.entries("aggregates")}
    for section, entry in view.imports:
        namespace = entry.text("as", "import")
        first = seen.setdefault((section, namespace), SectionEntry(section, entry))
        if namespace and first.reader.at != entry.at:
            yield Finding(
                key_pointer(entry, "as", "import"),
                f"`{namespace}` is already under `{section}`, on line {view.line_of(first.reader.at)}",
            )


def _from_not_self(view: DocumentView) -> Iterator[Finding]:
    own = PurePath(view.source.file).name
    for entry in _imports(view):
        file = entry.text(*_file_keys(view))
        if file and (str(PurePath(file)) == "." or str(PurePath(file)) == own):
            yield Finding(key_pointer(entry, "from", "location"), f"`{file}` is not another file")


def _standalone_no_imports(view: DocumentView) -> Iterator[Finding]:
    if view.is_standalone:
        for section, entry in view.imports:
            yield Finding(
                entry.at,
                f"a file without `capability` cannot import: other runtimes ignore this entry of `{section}` out",
            )


def _exposes_namespace(view: DocumentView) -> Iterator[Finding]:
    return _namespaces(view, "exposes", "adapter")


def _aggregates_namespace(view: DocumentView) -> Iterator[Finding]:
    return _namespaces(view, "aggregates", "aggregate")


def _namespaces(view: DocumentView, section: str, what: str) -> Iterator[Finding]:
    """Find entries without a namespace, at the root and in the capability, except control adapters in the latter."""
    for entry in view.entries(section):
        if entry.namespace:
            continue
        if entry.reader.at[0] == section:
            yield Finding(entry.reader.at, f"the {what} has no `namespace`, so no other file can import it")
        elif entry.reader.text("type").casefold() != "control":
            yield Finding(entry.reader.at, f"the {what} has no `namespace`, so nothing can refer to it")


def _imports(view: DocumentView) -> Iterator[Reader]:
    return (entry.reader for entry in view.imports)


def _file_keys(view: DocumentView) -> tuple[str, ...]:
    """Return the keys that name the file: ``location`` in the naftiko line."""
    return ("from",) if view.is_ikanos else ("from", "location", "ref", "openapi")


RULES: Final = (
    Rule(
        "import-from-required",
        Severity.ERROR,
        "An import names its file.",
        "add `from` (naftiko line: `location`) with the file's path",
        _from_required,
        frozenset({"import-from-required"}),
    ),
    Rule(
        "import-import-required",
        Severity.ERROR,
        "An import names its namespace.",
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
        "name the file that defines it; entries of this document need no import",
        _from_not_self,
    ),
    Rule(
        "standalone-no-imports",
        Severity.ERROR,
        "A file without `capability`, for others to import from, has no imports itself.",
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
        reported_by=frozenset({"nameless-aggregate"}),
    ),
)
