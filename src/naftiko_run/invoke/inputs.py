"""The inputs of a function: declared, and inferred from what it calls (semantics, "Inferred inputs")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from naftiko_run.document.model import Location, Parameter
from naftiko_run.expressions import Expression

_CONNECTION_HEADERS = frozenset(
    {
        "accept",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "user-agent",
    }
)
"""Headers that speak of the caller's own connection to us: never passed on without being asked for."""


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a function.

    Attributes:
        name: The caller's name for it.
        schema: JSON Schema of its value.
        required: Whether a call without it is refused.
        location: Where an HTTP caller puts it; None for anywhere.
    """

    name: str
    schema: dict[str, Any] = field(default_factory=dict)
    required: bool = False
    location: Location | None = None

    @property
    def type(self) -> str:
        """The schema's type; empty where any value will do."""
        return str(self.schema.get("type", ""))


@dataclass(frozen=True, slots=True)
class Consumed:
    """What a consumed operation says of the arguments that it reads.

    Attributes:
        parameters: By name.
        path_variables: Names of the arguments that its path cannot do without.
    """

    parameters: Mapping[str, Parameter]
    path_variables: frozenset[str]

    def requires(self, name: str) -> bool:
        """Whether an argument is required: silence means optional, but a path has no holes."""
        parameter = self.parameters.get(name)
        return name in self.path_variables or (parameter is not None and parameter.required is True)


def infer_inputs(
    declared: Sequence[Parameter],
    arguments: Mapping[str, Expression],
    consumed: Consumed,
    *,
    silence_is_required: bool,
) -> tuple[Input, ...]:
    """Give the inputs that a caller can, and must, give.

    Args:
        declared: The function's own input parameters.
        arguments: What fills each consumed argument.
        consumed: What the operation says of its arguments.
        silence_is_required: Whether a declared input that says nothing, and that
            nothing else speaks for, is required: the specification's default for tools.
    """
    fills = _fills(arguments)
    some_required = any(parameter.required for parameter in declared)
    inputs: dict[str, Input] = {}
    for parameter in declared:
        filled = fills.get(parameter.name, "")
        source = consumed.parameters.get(filled)
        required = parameter.required
        if required is None:
            required = consumed.requires(filled) if source else silence_is_required and not some_required
        if filled in consumed.path_variables:
            required = True
        inputs[parameter.name] = Input(
            parameter.name,
            {**(_schema(source) if source else {}), **_schema(parameter)},
            required=required,
            location=parameter.in_ or (source.in_ if source else None),
        )
    for argument, expression in arguments.items():
        for name in expression.names:
            if name not in inputs:
                inputs[name] = _inferred(name, argument, consumed, is_whole=expression.whole == name)
    return tuple(inputs.values())


def input_schema(inputs: Iterable[Input]) -> dict[str, Any]:
    """Give the JSON Schema of a whole input map."""
    inputs = tuple(inputs)
    schema: dict[str, Any] = {"type": "object", "properties": {each.name: each.schema for each in inputs}}
    required = [each.name for each in inputs if each.required]
    if required:
        schema["required"] = required
    return schema


def _fills(arguments: Mapping[str, Expression]) -> dict[str, str]:
    """Give, for each caller's input passed on unchanged, the consumed argument that it fills."""
    fills: dict[str, str] = {}
    for argument, expression in arguments.items():
        if expression.whole:
            fills.setdefault(expression.whole, argument)
    return fills


def _inferred(name: str, argument: str, consumed: Consumed, *, is_whole: bool) -> Input:
    """Give an input that fills an argument, or is only a part of it."""
    is_path = argument in consumed.path_variables
    if not is_whole:
        return Input(name, required=is_path)
    parameter = consumed.parameters.get(argument)
    if parameter is None:
        return Input(
            name,
            {"type": "string"} if is_path else {},
            required=is_path,
            location="path" if is_path else None,
        )
    location = None if name.casefold() in _CONNECTION_HEADERS else parameter.in_
    return Input(name, _schema(parameter), required=consumed.requires(argument), location=location)


def _schema(parameter: Parameter) -> dict[str, Any]:
    """Give the JSON Schema of a parameter, with only what the document says."""
    schema: dict[str, Any] = {}
    if parameter.type is not None:
        schema["type"] = parameter.type
    if parameter.description:
        schema["description"] = parameter.description
    if parameter.enum:
        schema["enum"] = list(parameter.enum)
    for keyword in ("pattern", "format", "default"):
        value = getattr(parameter, keyword)
        if value is not None:
            schema[keyword] = value
    if parameter.items is not None:
        schema["items"] = _member_schema(parameter.items)
    elif parameter.type == "array":
        schema["items"] = {}
    if parameter.properties is not None:
        schema.update(_members(parameter.properties))
    return schema


def _member_schema(member: Any) -> dict[str, Any]:
    """Give the JSON Schema of ``items``, or of one of ``properties``."""
    if not isinstance(member, dict):
        return {"type": member} if isinstance(member, str) else {}
    keywords = ("type", "description", "enum", "default", "pattern", "format")
    schema = {key: member[key] for key in keywords if member.get(key) is not None}
    if "items" in member:
        schema["items"] = _member_schema(member["items"])
    if isinstance(member.get("properties"), dict):
        schema.update(_members(member["properties"]))
    return schema


def _members(properties: Mapping[str, Any]) -> dict[str, Any]:
    members = {"properties": {name: _member_schema(member) for name, member in properties.items()}}
    required = [
        name
        for name, member in properties.items()
        if isinstance(member, dict) and member.get("required") is True
    ]
    return {**members, "required": required} if required else members
