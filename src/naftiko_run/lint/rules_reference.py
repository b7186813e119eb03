"""The documentation's page of the rules: ``python -m naftiko_run.lint.rules_reference > docs/rules.md`` writes it."""

from __future__ import annotations

import sys
from typing import Final

from naftiko_run.lint.codes import CODES
from naftiko_run.lint.rules import RULES

_INTRODUCTION: Final = """\
# Rules

`naftiko validate FILE…` says what is wrong with documents, where, and how to mend it. `--level` says how much
is asked; each level asks for what the one before it asks for, and more.

| level | asks for |
| --- | --- |
| `runnable` | what decides whether the document serves; loading tells it, in the codes below |
| `recommended` | the rules below |
| `strict` | the official JSON Schema of the document's version; what breaks it is an error `schema` |

The exit code is 0 where all is well, 1 where there are errors (with `--fail-on warning`, where there are errors
or warnings), 66 where a file is missing or a folder holds none. Notes never fail. Validation needs no network and
no environment variables. No finding shows a credential that is written in a document.

`--format` is `text` for people, `json` for programs, `github` for annotations in a workflow, `sarif` for code
scanning services.

## Rules of the level `recommended`

| rule | severity | asks for | how to mend it |
| --- | --- | --- | --- |
"""
_CODES: Final = """
## Codes of the level `runnable`

A warning tells what was mended or passed over; an error, what is not served.

| code | severity | what it means | how to mend it |
| --- | --- | --- | --- |
"""
_WORDS: Final = {"error": "error", "warning": "warning", "info": "note"}


def rules_page() -> str:
    """Give the page: the levels, and a line for each rule and for each code of loading."""
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
