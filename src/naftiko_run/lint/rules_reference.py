"""Generate the page of the rules in the documentation: ``python -m naftiko_run.lint.rules_reference > docs/rules.md`` writes it."""

from __future__ import annotations

import sys
from typing import Final

from naftiko_run.lint.codes import CODES
from naftiko_run.lint.rules import RULES

_INTRODUCTION: Final = """\
# Rules

`naftiko validate FILE…` reports problems in documents, their positions, and how to fix them. `--level` sets how
strictly documents are checked; each level includes the one before.

| level | checks |
| --- | --- |
| `runnable` | whether the document can be served, with the codes below |
| `recommended` | the rules below |
| `strict` | the official JSON Schema of the document's version; a violation is an error `schema` |

The exit code is 0 without errors, 1 with errors (with `--fail-on warning`, with errors or warnings), and 66 where a
file is missing or a folder contains none. Notes never fail. Validation needs no network and no environment
variables. Diagnostics never show a credential of a document.

`--format` is `text` for people, `json` for programs, `github` for annotations in a workflow, `sarif` for code
scanning services.

## Rules of the level `recommended`

| rule | severity | requires | how to fix it |
| --- | --- | --- | --- |
"""
_CODES: Final = """
## Codes of the level `runnable`

A warning reports what was corrected or ignored; an error, what is not served.

| code | severity | meaning | how to fix it |
| --- | --- | --- | --- |
"""
_WORDS: Final = {"error": "error", "warning": "warning", "info": "note"}


def rules_page() -> str:
    """Return the page: the levels, and a row for each rule and each code of loading."""
    rows = [
        f"| `{rule.id}` | {_WORDS[rule.severity]} | {rule.description} | {rule.fix[0].upper()}{rule.fix[1:]}. |\n"
        for rule in sorted(RULES, key=lambda rule: rule.id)
    ]
    codes = [
        f"| `{code.id}` | {_WORDS.get(code.severity, code.severity)} | {code.meaning} | {code.fix} |\n"
        for code in CODES
    ]
    return "".join([_INTRODUCTION, *rows, _CODES, *codes])


if __name__ == "__main__":
    sys.stdout.write(rules_page())
