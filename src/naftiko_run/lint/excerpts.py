"""Excerpts: the source lines of diagnostics, with credentials masked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final

from naftiko_run.diagnostics import Diagnostic
from naftiko_run.lint.document_view import DocumentView
from naftiko_run.lint.secret_literals import SecretLiteral
from naftiko_run.secret import MASK

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
