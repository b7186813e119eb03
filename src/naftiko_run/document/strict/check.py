"""Check a document against the strict schema of its specification line."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from jsonschema_rs import Draft202012Validator

from naftiko_run.document.strict.explain import SchemaViolation, explain
from naftiko_run.document.strict.schema import JsonSchema, strict_schema
from naftiko_run.spec.document import VERSIONS
from naftiko_run.spec.schema_types import SpecLine

_LINES: Final[tuple[SpecLine, ...]] = ("naftiko", "ikanos")
_FIRST_LINE: Final = "begin with " + " or ".join(f"`{line}: {VERSIONS[line][0]}`" for line in _LINES)


def check_strict(data: Any) -> list[SchemaViolation]:
    """Check that a document conforms to the official JSON Schema of its specification's line.

    The root key, ``naftiko`` or ``ikanos``, determines the line. Of each line one
    version is supported; a document of another version does not conform.

    Args:
        data: Parsed YAML: maps with text keys, lists, text, finite numbers, booleans and None.

    Returns:
        The violations; empty where the document conforms.
    """
    if not isinstance(data, dict):
        return [SchemaViolation((), "the document is not a map of keys and values", _FIRST_LINE)]
    line = next((key for key in _LINES if key in data), None)
    if line is None:
        return [SchemaViolation((), "the document does not declare its specification version", _FIRST_LINE)]
    schema, validator = _compiled(line)
    return explain(validator.iter_errors(data), schema)


@cache
def _compiled(line: SpecLine) -> tuple[JsonSchema, Draft202012Validator]:
    schema = strict_schema(line)
    return schema, Draft202012Validator(schema)
