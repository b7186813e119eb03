"""Checking a caller's inputs against their schema, and making values of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema_rs

from naftiko_run import jsontext
from naftiko_run.errors import InvalidInput, Violation
from naftiko_run.invoke.inputs import Input, input_schema

_NAMES = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "text",
    list: "an array",
    dict: "an object",
}
_TYPES = {
    "string": "text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "an array",
    "object": "an object",
    "null": "null",
}


class InputValidator:
    """Checks input maps.

    Args:
        inputs: The function's inputs.
        schema: Their JSON Schema; None for what the inputs make.

    Raises:
        ValueError: The document declares something that is no schema.
    """

    def __init__(self, inputs: Sequence[Input], schema: dict[str, Any] | None = None) -> None:
        self.schema = input_schema(inputs) if schema is None else schema
        self._optional = frozenset(each.name for each in inputs if not each.required)
        self._defaults = {each.name: each.schema["default"] for each in inputs if "default" in each.schema}
        try:
            self._validator = compile_schema(self.schema)
        except ValueError as fault:
            raise ValueError(f"its inputs make no valid schema: {fault}") from None

    def check(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Check an input map.

        Args:
            values: The caller's inputs; a null for an optional one counts as absent.

        Returns:
            The inputs to use, defaults filled in.

        Raises:
            InvalidInput: With every violation.
        """
        kept = {
            name: value for name, value in values.items() if value is not None or name not in self._optional
        }
        for name, default in self._defaults.items():
            kept.setdefault(name, default)
        if not self._validator.is_valid(kept):
            raise InvalidInput([_violation(error) for error in self._validator.iter_errors(kept)])
        return kept


def compile_schema(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Compile a JSON Schema (2020-12).

    Raises:
        ValueError: It is none, or refers to another.
    """
    try:
        return jsonschema_rs.Draft202012Validator(schema, retriever=_retrieve)
    except jsonschema_rs.ValidationError as fault:
        raise ValueError(fault.message) from None


def _retrieve(uri: str) -> Any:
    """Refuse to look for a schema elsewhere: loading a document fetches nothing."""
    raise ValueError(f"`{uri}` is not a part of it, and nothing is fetched")


def coerce_text(declared: Input, texts: Sequence[str]) -> Any:
    """Make the value of an input of the texts that a URL or header carries.

    What cannot be made into the input's type stays text, for validation to name.
    """
    if declared.type == "array":
        items = declared.schema.get("items", {})
        kind = items.get("type", "") if isinstance(items, dict) else ""
        return [_scalar(kind, text) for text in texts]
    if len(texts) > 1:
        return list(texts) if not declared.type else texts
    return _scalar(declared.type, texts[0])


def _scalar(kind: str, text: str) -> Any:
    if kind in ("number", "integer"):
        number = jsontext.number(text)
        return text if number is None or (kind == "integer" and isinstance(number, float)) else number
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind in ("object", "array") and text[:1] in ("{", "["):
        try:
            return jsontext.loads(text.encode())
        except ValueError:
            return text
    return text


def _violation(error: jsonschema_rs.ValidationError) -> Violation:
    path = [*error.instance_path]
    kind: Any = error.kind
    if kind.name == "required":
        path.append(kind.property)
        message = "is required"
    elif kind.name == "type":
        expected = " or ".join(_TYPES[each] for each in kind.types)
        message = f"must be {expected}, not {_name(error.instance)}"
    elif kind.name == "enum":
        message = f"must be one of {jsontext.dumps(kind.options).decode()}"
    elif kind.name == "pattern":
        message = f"must match the pattern {kind.pattern}"
    else:
        message = error.message
    return Violation("".join(f"/{_escaped(part)}" for part in path), message)


def _escaped(part: Any) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def _name(value: Any) -> str:
    return "null" if value is None else _NAMES.get(type(value), type(value).__name__)
