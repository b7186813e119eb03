"""The page of the rules: what ``naftiko validate`` finds."""

from __future__ import annotations

from typing import Final

from naftiko_run.lint.codes import CODES
from naftiko_run.lint.rules import RULES

_INTRODUCTION: Final = """\
# Rules

`naftiko validate FILE…` reports what is wrong with documents, where, and how to fix it. `--level` sets how much is
checked. Each level includes the one before it.

| level | checks |
| --- | --- |
| `runnable` | everything that decides whether the document serves; the codes below |
| `recommended` | the rules below |
| `strict` | the official JSON Schema of the document's version; a violation is an error with the code `schema` |

The exit code is 0 if there are no errors, 1 if there are (with `--fail-on warning`, also if there are warnings), and
66 if a file is missing or a folder contains no documents. Notes never fail. Validation needs no network and no
environment variables. A credential that is written in a document is never shown in a finding.

`--format` is `text` for people, `json` for programs, `github` for annotations in a workflow, or `sarif` for code
scanning services.

## Rules of the level `recommended`

| rule | severity | requirement | fix |
| --- | --- | --- | --- |
"""
_CODES: Final = """
## Codes of the level `runnable`

A warning names something that was corrected or ignored. An error names something that is not served.

| code | severity | meaning | fix |
| --- | --- | --- | --- |
"""
_SEVERITIES: Final = {"error": "error", "warning": "warning", "info": "note"}


def rules_page() -> str:
    """Return the page: the levels, and a row for each rule and for each code of loading."""
    rows = [
        f"| `{rule.id}` | {_SEVERITIES[rule.severity]} | {rule.description} | {rule.fix[0].upper()}{rule.fix[1:]}. |\n"
        for rule in sorted(RULES, key=lambda rule: rule.id)
    ]
    codes = [
        f"| `{code.id}` | {_SEVERITIES.get(code.severity, code.severity)} | {code.meaning} | {code.fix} |\n"
        for code in CODES
    ]
    return "".join([_INTRODUCTION, *rows, _CODES, *codes])
