"""Checking a caller's inputs against their schema, and making values of text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from naftiko_run import jsontext
from naftiko_run.errors import InvalidInput
from naftiko_run.invoke.inputs import Input, input_schema
from naftiko_run.invoke.schemas import compile_schema
from naftiko_run.invoke.violations import violations_of


class InputValidator:
    """Checks input maps.

    Args:
        inputs: The function's inputs.
        schema: Their JSON Schema; None for what the inputs make.

    Raises:
        ValueError: The document declares something that is no schema.
    """

    __slots__ = ("_defaults", "_optional", "_validator", "schema")

    def __init__(self, inputs: Sequence[Input], schema: dict[str, Any] | None = None) -> None:
        self.schema = input_schema(inputs) if schema is None else schema
        self._optional = frozenset(each.name for each in inputs if not each.required)
        self._defaults = tuple(
            (each.name, each.schema["default"]) for each in inputs if "default" in each.schema
        )
        if self.schema.get("type") != "object":
            raise ValueError("its inputs make no valid schema: the `type` must be `object`")
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
        kept = dict(values)
        if None in kept.values():
            kept = {name: it for name, it in kept.items() if it is not None or name not in self._optional}
        for name, default in self._defaults:
            kept.setdefault(name, default)
        if not self._validator.is_valid(kept):
            raise InvalidInput(violations_of(self._validator.iter_errors(kept), self.schema, values))
        return kept


Coerce = Callable[[Sequence[str]], Any]
"""Makes the value of an input of the texts that a URL or header carries."""


def coercion_of(declared: Input) -> Coerce:
    """Give what makes an input's value of text; inputs of one type share it.

    What cannot be made into the input's type stays text, for validation to name.
    """
    if declared.type != "array":
        return _coercion(declared.type)
    items = declared.schema.get("items", {})
    return _coercion_of_list(str(items.get("type", "")) if isinstance(items, dict) else "")


@lru_cache
def _coercion(kind: str) -> Coerce:
    def coerce(texts: Sequence[str]) -> Any:
        if len(texts) > 1:
            return list(texts) if not kind else texts
        return _scalar(kind, texts[0])

    return coerce


@lru_cache
def _coercion_of_list(kind: str) -> Coerce:
    return lambda texts: [_scalar(kind, text) for text in texts]


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
