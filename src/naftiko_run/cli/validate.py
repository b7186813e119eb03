"""``naftiko validate``: print the problems of documents, for people or for programs."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from naftiko_run.cli.console import error_console, output_console
from naftiko_run.cli.diagnostics import print_diagnostic
from naftiko_run.cli.documents import EMPTY, NO_INPUT, NoDocuments, documents_at, local_path
from naftiko_run.cli.formats import FORMATS
from naftiko_run.diagnostics import Diagnostic, Severity
from naftiko_run.document.remote import NOT_FETCHED, shown_name
from naftiko_run.errors import DocumentError
from naftiko_run.lint import Level, lint

OK: Final = 0
FAILED: Final = 1


@dataclass(frozen=True, slots=True)
class ValidateOptions:
    """The command line, as typed."""

    files: tuple[str, ...]
    level: str
    format: str
    fail_on: str


def validate_documents(options: ValidateOptions) -> int:
    """Print the diagnostics of the documents to stdout and their number to stderr; return the exit code."""
    files: dict[Path, None] = {}
    found: list[Diagnostic] = []
    for path in options.files:
        try:
            inside = [each for each in documents_at(local_path(path, error_console())) if each not in files]
        except NoDocuments as fault:
            found.append(fault.diagnostic)
            continue
        except DocumentError as fault:
            found += fault.diagnostics
            continue
        files.update(dict.fromkeys(inside))
        found += [each for file in inside for each in lint(file, Level(options.level))]
    found = [replace(each, file=shown_name(each.file)) for each in found]
    _print(found, options.format)
    error_console().print(_summary(found, len(files)), soft_wrap=True)
    return _exit_code(found, options.fail_on)


def _print(found: Sequence[Diagnostic], form: str) -> None:
    if form in FORMATS:
        sys.stdout.write(FORMATS[form](found))
        return
    console = output_console()
    for each in found:
        print_diagnostic(console, each)


def _summary(found: Sequence[Diagnostic], files: int) -> str:
    counts = Counter(each.severity for each in found)
    numbers = [
        f"{number} {word}{'s' if number > 1 else ''}"
        for severity, word in (
            (Severity.ERROR, "error"),
            (Severity.WARNING, "warning"),
            (Severity.INFO, "note"),
        )
        if (number := counts[severity])
    ]
    checked = f"{files} file{'s' if files != 1 else ''}"
    return f"{', '.join(numbers)} in {checked}" if numbers else f"{checked} checked: no problems"


def _exit_code(found: Sequence[Diagnostic], fail_on: str) -> int:
    if any(each.code in ("no-such-file", EMPTY, NOT_FETCHED) for each in found):
        return NO_INPUT
    failing = (Severity.ERROR, Severity.WARNING) if fail_on == "warning" else (Severity.ERROR,)
    return FAILED if any(each.severity in failing for each in found) else OK
