"""Lint a document at a level, and return the diagnostics in its order; excerpts show their lines without credentials."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

from naftiko_run.capability import Settings, compile_capability
from naftiko_run.diagnostics import Diagnostic, Severity, json_pointer
from naftiko_run.document import load_source
from naftiko_run.document.imports.files import holds_values
from naftiko_run.document.imports.resolver import resolve_imports
from naftiko_run.document.source import SourceDocument, decode, read
from naftiko_run.document.strict import check_strict
from naftiko_run.errors import DocumentError
from naftiko_run.lint.document_view import DocumentView
from naftiko_run.lint.rule import Rule
from naftiko_run.lint.rules import RULES
from naftiko_run.lint.secret_literals import SecretLiteral, find_secrets
from naftiko_run.secret import MASK


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


_LONG: Final = 8
"""Minimum length of a credential that is masked inside other words."""

_GUESSABLE: Final = 3
"""Number of leading characters of a credential that may be shown, since they may end another word."""

_CUT: Final = "…"
_CREDENTIAL_LINE = re.compile(
    r"""((?:password|passwd|secret|token|authorization|(?:api|private)[-_]?key)["']?\s*[:=]\s*)\S.*""",
    re.IGNORECASE,
)


class Excerpts:
    """Shows the lines of one document, and masks the credentials in them.

    Args:
        text: The document.
        columns: The column from which each line with a credential is masked.
        secrets: The credentials, which messages must not quote.
    """

    def __init__(self, text: str, columns: dict[int, int], secrets: Sequence[str]) -> None:
        self._lines = text.splitlines()
        self._columns = columns
        self._secrets = secrets
        self._pattern = re.compile("|".join(_pattern(each) for each in secrets)) if secrets else None

    def add_to(self, found: Diagnostic) -> Diagnostic:
        """Return a diagnostic with its line as excerpt, and without credentials in its message."""
        return replace(
            found,
            message=self._without_secrets(found.message),
            hint=self._without_secrets(found.hint),
            excerpt=self._line(found.line),
        )

    def _line(self, number: int) -> str:
        if not 0 < number <= len(self._lines):
            return ""
        line = self._lines[number - 1].rstrip()
        column = self._columns.get(number)
        return line if column is None else line[: column - 1] + MASK

    def _without_secrets(self, text: str) -> str:
        if self._pattern is None:
            return text
        *cut, rest = self._pattern.sub(MASK, text).split(_CUT)
        return _CUT.join([*(self._without_start(each) for each in cut), rest])

    def _without_start(self, text: str) -> str:
        """Mask the beginning of a credential at the end of a text, where a message truncated a long value."""
        for secret in self._secrets:
            for length in range(min(len(secret), len(text)), _GUESSABLE, -1):
                if text.endswith(secret[:length]):
                    return text[:-length] + MASK
        return text


def excerpts_of(
    view: DocumentView, secrets: Sequence[SecretLiteral], elsewhere: AbstractSet[str] = frozenset()
) -> Excerpts:
    """Return the excerpts of a parsed document, with every credential masked.

    Args:
        view: The document.
        secrets: The credentials in it.
        elsewhere: Credentials of other files, which diagnostics of this one may quote.
    """
    texts = sorted({*elsewhere, *(secret.text for secret in secrets)}, key=len, reverse=True)
    holders = [at for at, text in view.texts if any(_holds(text, each) for each in texts)]
    columns: dict[int, int] = {}
    for at in (*holders, *(secret.at for secret in secrets)):
        line, column = view.source.locate(at)
        columns[line] = min(column, columns.get(line, column))
    return Excerpts(view.source.text, columns, texts)


def excerpts_of_text(text: str) -> Excerpts:
    """Return the excerpts of a text that could not be parsed, with lines masked that look like credentials."""
    columns: dict[int, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        found = _CREDENTIAL_LINE.search(line)
        if found and "{{" not in line:
            columns[number] = found.end(1) + 1
    return Excerpts(text, columns, ())


def _holds(text: str, secret: str) -> bool:
    return text == secret or (len(secret) >= _LONG and secret in text)


def _pattern(secret: str) -> str:
    written = re.escape(secret)
    return written if len(secret) >= _LONG else rf"(?<!\w){written}(?!\w)"
