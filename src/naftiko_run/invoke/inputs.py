"""The inputs of a function: declared, or inferred from what it calls (semantics, "Inferred inputs")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from naftiko_run.document.model import Location, Parameter, Style
from naftiko_run.expressions import Accessor, Expression, compile_path
from naftiko_run.invoke.schemas import nullable, schema_of, type_of, with_items
from naftiko_run.invoke.step_output import STEP_PREFIX

_CONNECTION_HEADERS = frozenset({"connection", "content-length", "content-type", "host", "transfer-encoding"})
"""Headers of the caller's request itself; an input with such a name is not read from them."""


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a function.

    Attributes:
        name: The name that callers use.
        schema: JSON Schema of its value.
        required: Whether a call without it is rejected.
        location: Where it is in an HTTP request; None for anywhere.
        in_body: Reads it from the body of an HTTP request; None for the member of its name.
        travels_as_text: Whether it is sent upstream only in a path, query, header or cookie.
        fills_json: Whether it is sent upstream unchanged in a JSON body.
        style: How arrays and objects are serialized in its location; None for the default.
    """

    name: str
    schema: dict[str, Any] = field(default_factory=dict)
    required: bool = False
    location: Location | None = None
    in_body: Accessor | None = None
    travels_as_text: bool = False
    fills_json: bool = False
    style: Style | None = None

    @property
    def type(self) -> str:
        """The type of the schema, except null; empty if any value is valid."""
        return type_of(self.schema)


@dataclass(frozen=True, slots=True)
class InputUse:
    """One use of the values of inputs.

    Attributes:
        expression: The expression over the inputs.
        parameter: The consumed parameter that receives its value; None if there is none.
        is_path: Whether it is a part of an upstream's path, where no value may be missing.
        is_text: Whether it is sent only in a path, query, header or cookie.
        is_json: Whether it is sent in a JSON body.
    """

    expression: Expression
    parameter: Parameter | None = None
    is_path: bool = False
    is_text: bool = False
    is_json: bool = False

    @property
    def is_required(self) -> bool:
        """Whether a call is impossible without it; consumed parameters are optional by default."""
        return self.is_path or (self.parameter is not None and self.parameter.required is True)


def infer_inputs(
    declared: Sequence[Parameter], uses: Iterable[InputUse], *, required_by_default: bool
) -> tuple[Input, ...]:
    """Return the inputs that a caller can or must provide.

    Args:
        declared: The function's own input parameters.
        uses: How the values of inputs are used.
        required_by_default: Whether a declared input is required if neither it nor its
            use says so: the specification's default for tools.
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
            style=_style(parameter, source),
        )
    for name, found in by_name.items():
        if name not in inputs:
            inputs[name] = _inferred(name, found)
    return tuple(inputs.values())


def _are_text(uses: Sequence[InputUse]) -> bool:
    return bool(uses) and all(use.is_text for use in uses)


def _merged(parameter: Parameter, source: Parameter | None) -> dict[str, Any]:
    """Return the schema of a declared input, completed from the consumed parameter that receives it."""
    if source is None:
        return schema_of(parameter)
    schema = {**schema_of(source), **schema_of(parameter)}
    return nullable(schema) if parameter.nullable is None and source.nullable else schema


def body_path(parameter: Parameter) -> str:
    """Return the JSONPath of an exposed parameter in the body; empty if it has none."""
    value = parameter.value
    return value if isinstance(value, str) and value.startswith("$") else ""


def input_schema(inputs: Iterable[Input]) -> dict[str, Any]:
    """Return the JSON Schema of the whole input map."""
    inputs = tuple(inputs)
    schema: dict[str, Any] = {"type": "object", "properties": {each.name: each.schema for each in inputs}}
    required = [each.name for each in inputs if each.required]
    if required:
        schema["required"] = required
    return schema


def _inferred(name: str, uses: Sequence[InputUse]) -> Input:
    """Return an undeclared input, inferred from its uses; a use of its whole value takes precedence."""
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
        style=_style(parameter, None),
        travels_as_text=_are_text(uses),
        fills_json=any(use.is_json for use in filled),
    )


def _style(parameter: Parameter, source: Parameter | None) -> Style | None:
    """Return the style of a parameter, else of the consumed parameter in the same location; None if none is set."""
    candidates = [parameter]
    if source is not None and parameter.in_ in (None, source.in_):
        candidates.append(source)
    styles = (each.style for each in candidates)
    return next((each for each in styles if each is not None and not each.is_silent), None)
