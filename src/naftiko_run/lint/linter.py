"""Lint a document at a level, and return the diagnostics in its order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from naftiko_run.capability import Settings, compile_capability
from naftiko_run.diagnostics import Diagnostic, Severity, json_pointer
from naftiko_run.document import load_source
from naftiko_run.document.imports.files import holds_values
from naftiko_run.document.imports.resolver import resolve_imports
from naftiko_run.document.source import SourceDocument, decode, read
from naftiko_run.document.strict import check_strict
from naftiko_run.errors import DocumentError
from naftiko_run.lint.document_view import DocumentView
from naftiko_run.lint.excerpts import Excerpts, excerpts_of, excerpts_of_text
from naftiko_run.lint.rule import Rule
from naftiko_run.lint.rules import RULES
from naftiko_run.lint.secret_literals import find_secrets


class Level(StrEnum):
    """How strictly a document is checked; each level includes the one before."""

    RUNNABLE = "runnable"
    """What decides whether it can be served."""
    RECOMMENDED = "recommended"
    """The rules of ``RULES``."""
    STRICT = "strict"
    """The official JSON Schema of its version."""


_GRAVITY = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_SCHEMA = "schema"
_UNKNOWN_KEY = "unknown-key"
"""The rule whose findings the schema repeats at the same place."""


def lint(
    document: Path | SourceDocument, level: Level = Level.RUNNABLE, settings: Settings | None = None
) -> tuple[Diagnostic, ...]:
    """Lint a document.

    Needs no network, and no environment variables unless ``settings`` pass
    them: an unset variable is not a fault of the document.

    Args:
        document: Its file, or the parsed source.
        level: How strictly it is checked.
        settings: How it is loaded.

    Returns:
        The diagnostics by position, without duplicates, with their excerpts.
        No message or excerpt shows a credential of the document.
    """
    try:
        source = document if isinstance(document, SourceDocument) else read(document)
    except DocumentError as fault:
        assert isinstance(document, Path)  # a parsed source has no fault
        return _shown(fault.diagnostics, _excerpts_of_unread(document, fault), str(document))
    view = DocumentView(source)
    found = list(_runnable(source, settings or Settings(environment={})))
    if level is not Level.RUNNABLE and not view.is_foreign:
        found = list(_with_rules(found, view))
    if level is Level.STRICT and not holds_values(source):  # no schema describes those
        schema = list(_strict(source))
        reported = {(_UNKNOWN_KEY, each.file, each.pointer) for each in schema}
        found = [each for each in found if (each.code, each.file, each.pointer) not in reported] + schema
    return _shown(found, _excerpts_of(view), source.file)


def with_excerpts(
    found: Iterable[Diagnostic], known: Mapping[str, Excerpts] = MappingProxyType({})
) -> Iterator[Diagnostic]:
    """Yield diagnostics of files, in their order, with their excerpts; credentials of documents are masked.

    Args:
        found: The diagnostics.
        known: Excerpts that exist already, by file.
    """
    by_file = dict(known)
    for each in found:
        if each.file not in by_file:
            by_file[each.file] = _excerpts_of_file(Path(each.file))
        yield by_file[each.file].add_to(each)


def _excerpts_of_file(file: Path) -> Excerpts:
    try:
        return _excerpts_of(DocumentView(read(file)))
    except DocumentError as fault:
        return _excerpts_of_unread(file, fault)


def _excerpts_of_unread(file: Path, fault: DocumentError) -> Excerpts:
    """Return the excerpts of a file that cannot be parsed, if a diagnostic has a position in it."""
    return excerpts_of_text(_text_of(file) if any(each.line for each in fault.diagnostics) else "")


def _excerpts_of(view: DocumentView) -> Excerpts:
    """Return a document's excerpts; its diagnostics may quote the files that it imports from."""
    if holds_values(view.source):
        return excerpts_of_text("")
    imported = [each for each in resolve_imports(view.source).sources if each is not view.source]
    elsewhere = {secret.text for each in imported for secret in find_secrets(DocumentView(each))}
    return excerpts_of(view, find_secrets(view), elsewhere)


def _runnable(source: SourceDocument, settings: Settings) -> tuple[Diagnostic, ...]:
    try:
        return compile_capability(load_source(source, settings.is_replaced), settings).diagnostics
    except DocumentError as fault:
        return fault.diagnostics


def _with_rules(loading: list[Diagnostic], view: DocumentView) -> Iterator[Diagnostic]:
    """Add the findings of the rules; where loading reports the same, keep the more severe of the two."""
    left = dict.fromkeys(loading)
    for rule in RULES:
        for found in _findings(rule, view):
            same = [each for each in left if each.code in rule.reported_by and _is_within(found, each)]
            if any(_GRAVITY[each.severity] <= _GRAVITY[found.severity] for each in same):
                continue
            for each in same:
                del left[each]
            yield found
    yield from left


def _findings(rule: Rule, view: DocumentView) -> Iterator[Diagnostic]:
    source = view.source
    for finding in rule.check(view):
        position = source.locate(finding.at, key=finding.at_key)
        yield Diagnostic(
            rule.severity,
            rule.id,
            finding.message,
            source.file,
            *position,
            pointer=json_pointer(finding.at),
            hint=finding.hint or rule.fix,
        )


def _is_within(inner: Diagnostic, outer: Diagnostic) -> bool:
    return inner.file == outer.file and f"{inner.pointer}/".startswith(f"{outer.pointer}/")


def _strict(source: SourceDocument) -> Iterator[Diagnostic]:
    for finding in check_strict(source.data):
        yield Diagnostic(
            Severity.ERROR,
            _SCHEMA,
            finding.message,
            source.file,
            *source.locate(finding.pointer, key=finding.about_key),
            pointer=json_pointer(finding.pointer),
            hint=finding.hint,
        )


def _shown(found: Iterable[Diagnostic], excerpts: Excerpts, file: str) -> tuple[Diagnostic, ...]:
    """Return diagnostics with their excerpts and in order: those of the file itself, then those of its imports."""
    shown = dict.fromkeys(with_excerpts(found, {file: excerpts}))
    return tuple(
        sorted(
            shown,
            key=lambda each: (
                each.file != file,
                each.file,
                each.line,
                each.column,
                _GRAVITY[each.severity],
                each.code,
            ),
        )
    )


def _text_of(file: Path) -> str:
    """Return the text of a file that cannot be parsed, as far as it can be decoded."""
    content = file.read_bytes()
    try:
        return decode(content)
    except DocumentError:
        return content.decode(errors="replace")
