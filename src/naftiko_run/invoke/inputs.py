"""The inputs of a function: declared, and inferred from what it calls (semantics, "Inferred inputs")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from naftiko_run.document.model import Location, Parameter
from naftiko_run.expressions import Accessor, Expression, compile_path
from naftiko_run.invoke.schemas import nullable, schema_of, type_of, with_items
from naftiko_run.invoke.step_output import STEP_PREFIX

_CONNECTION_HEADERS = frozenset({"connection", "content-length", "content-type", "host", "transfer-encoding"})
"""Headers of the caller's own request: an input of the same name is not taken from them."""


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a function.

    Attributes:
        name: The caller's name for it.
        schema: JSON Schema of its value.
        required: Whether a call without it is refused.
        location: Where an HTTP caller puts it; None for anywhere.
        in_body: Reads it of an HTTP caller's body; None for the member of its name.
        travels_as_text: Whether an upstream gets it only in a path, a query, a header or a cookie.
        fills_json: Whether an upstream receives its value in a JSON body, unchanged.
        delimiter: What separates the elements of an array that an HTTP caller writes as one text; empty for the
            usual of its place.
    """

    name: str
    schema: dict[str, Any] = field(default_factory=dict)
    required: bool = False
    location: Location | None = None
    in_body: Accessor | None = None
    travels_as_text: bool = False
    fills_json: bool = False
    delimiter: str = ""

    @property
    def type(self) -> str:
        """The schema's type, null aside; empty where any value will do."""
        return type_of(self.schema)


@dataclass(frozen=True, slots=True)
class InputUse:
    """A place where the values of inputs go.

    Attributes:
        expression: What is made of them.
        parameter: The consumed parameter that it fills; None where it fills none.
        is_path: Whether it is a part of an upstream's path, which has no holes.
        is_text: Whether it is sent in a path, a query, a header or a cookie, and nowhere else.
        is_json: Whether it is sent in a JSON body.
    """

    expression: Expression
    parameter: Parameter | None = None
    is_path: bool = False
    is_text: bool = False
    is_json: bool = False

    @property
    def is_required(self) -> bool:
        """Whether there is no call without it: silence of a consumed parameter means optional."""
        return self.is_path or (self.parameter is not None and self.parameter.required is True)


def infer_inputs(
    declared: Sequence[Parameter], uses: Iterable[InputUse], *, required_by_default: bool
) -> tuple[Input, ...]:
    """Give the inputs that a caller can, and must, give.

    Args:
        declared: The function's own input parameters.
        uses: Where values go.
        required_by_default: Whether a declared input that says nothing, and that
            nothing else speaks for, is required: the specification's default for tools.
    """
    by_name: dict[str, list[InputUse]] = {}
    for use in uses:
        for name in use.expression.names:
            if not name.startswith(STEP_PREFIX):
                by_name.setdefault(name, []).append(use)
    some_required = any(parameter.required for parameter in declared)
    inputs: dict[str, Input] = {}
    for parameter in declared:
        filled = [use for use in by_name.get(parameter.name, ()) if use.expression.whole == parameter.name]
        sources = [use.parameter for use in filled if use.parameter is not None]
        required = parameter.required
        if required is None and sources:
            required = any(use.is_required for use in filled)
        elif required is None:
            required = required_by_default and not some_required and parameter.default is None
        source = sources[0] if sources else None
        inputs[parameter.name] = Input(
            parameter.name,
            with_items(_merged(parameter, source)),
            required=required or any(use.is_path for use in filled),
            location=parameter.in_ or (source.in_ if source else None),
            in_body=compile_path(path) if (path := body_path(parameter)) else None,
            travels_as_text=_are_text(by_name.get(parameter.name, ())),
            fills_json=any(use.is_json for use in filled),
            delimiter=_delimiter(parameter) or _delimiter(source),
        )
    for name, found in by_name.items():
        if name not in inputs:
            inputs[name] = _inferred(name, found)
    return tuple(inputs.values())


def _are_text(uses: Sequence[InputUse]) -> bool:
    return bool(uses) and all(use.is_text for use in uses)


def _merged(parameter: Parameter, source: Parameter | None) -> dict[str, Any]:
    """Return the schema of a declared input, completed by the consumed parameter that it fills."""
    if source is None:
        return schema_of(parameter)
    schema = {**schema_of(source), **schema_of(parameter)}
    return nullable(schema) if parameter.nullable is None and source.nullable else schema


def body_path(parameter: Parameter) -> str:
    """Give the JSONPath by which an exposed parameter says where in the body it is; empty for none."""
    value = parameter.value
    return value if isinstance(value, str) and value.startswith("$") else ""


def input_schema(inputs: Iterable[Input]) -> dict[str, Any]:
    """Give the JSON Schema of a whole input map."""
    inputs = tuple(inputs)
    schema: dict[str, Any] = {"type": "object", "properties": {each.name: each.schema for each in inputs}}
    required = [each.name for each in inputs if each.required]
    if required:
        schema["required"] = required
    return schema


def _inferred(name: str, uses: Sequence[InputUse]) -> Input:
    """Give an input of which only its uses speak: one that it fills alone, before one that it is a part of."""
    filled = [use for use in uses if use.expression.whole == name]
    if not filled:
        return Input(name, required=any(use.is_path for use in uses), travels_as_text=_are_text(uses))
    required = any(use.is_required for use in filled)
    parameter = next((use.parameter for use in filled if use.parameter is not None), None)
    if parameter is None:
        is_path = any(use.is_path for use in filled)
        schema = {"type": "string"} if is_path else {}
        return Input(
            name,
            schema,
            required=required,
            location="path" if is_path else None,
            travels_as_text=_are_text(uses),
            fills_json=any(use.is_json for use in filled),
        )
    location = None if name.casefold() in _CONNECTION_HEADERS else parameter.in_
    return Input(
        name,
        with_items(schema_of(parameter)),
        required=required,
        location=location,
        delimiter=_delimiter(parameter),
        travels_as_text=_are_text(uses),
        fills_json=any(use.is_json for use in filled),
    )


def _delimiter(parameter: Parameter | None) -> str:
    return parameter.style.delimiter if parameter is not None and parameter.style is not None else ""
