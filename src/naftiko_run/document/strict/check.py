"""Judges a document by the rules of its specification's line."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from jsonschema_rs import Draft202012Validator

from naftiko_run.document.strict.explain import Finding, explain
from naftiko_run.document.strict.ikanos import IKANOS, ikanos
from naftiko_run.document.strict.naftiko import NAFTIKO, naftiko
from naftiko_run.document.strict.rules import Rule

_LINES: Final[dict[str, Callable[[], Rule]]] = {NAFTIKO.key: naftiko, IKANOS.key: ikanos}
_BEGINNING: Final = f"begin with `{NAFTIKO.key}: {NAFTIKO.version}` or `{IKANOS.key}: {IKANOS.version}`"


def check_strict(data: Any) -> list[Finding]:
    """Check that a document conforms to the official JSON Schema of its specification's line.

    The root key, ``naftiko`` or ``ikanos``, says which line. Of each line one
    version is known, and a document of another version does not conform.

    Args:
        data: Parsed YAML: maps with text keys, lists, text, finite numbers, booleans and None.

    Returns:
        What departs from it; nothing where the document conforms.
    """
    if not isinstance(data, dict):
        return [Finding((), "the document is not a map of keys and values", _BEGINNING)]
    line = next((key for key in _LINES if key in data), None)
    if line is None:
        return [Finding((), "the document does not say which specification it follows", _BEGINNING)]
    rules, validator = _compiled(line)
    return explain(validator.iter_errors(data), rules)


@cache
def _compiled(line: str) -> tuple[Rule, Draft202012Validator]:
    rules = _LINES[line]()
    return rules, Draft202012Validator(rules)
