"""What a function's outputs promise of its answer, as JSON Schema; nothing where they promise nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from naftiko_run.document.model import Output

_SCALARS: Final = ("string", "number", "integer", "boolean")


def output_schema(outputs: Sequence[Output], *, is_object: bool) -> dict[str, Any] | None:
    """Give the JSON Schema of an answer.

    Everything may be null, and nothing is required: a mapping that finds
    nothing gives null, and long answers are cut. An object or array of which no
    member is declared can be anything, as it is passed on as it comes.

    Args:
        outputs: They shape the answer; one alone is all of it, unless they are the members of an object.
        is_object: Whether they are.

    Returns:
        None where no text, number or boolean is promised anywhere.
    """
    schema = _object(outputs) if is_object else _schema(outputs[0])
    return schema if any(kind in _SCALARS for kind in _types(schema)) else None


def _schema(output: Output) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    is_given = output.const is not None or output.value is not None
    if output.items is not None and not is_given:
        schema = {"type": ["array", "null"], "items": _schema(output.items)}
    elif output.values is not None and not is_given:
        schema = {"type": ["object", "null"], "additionalProperties": _schema(output.values)}
    elif output.properties and not is_given:
        schema = _object(output.properties)
    elif output.type in _SCALARS:
        schema = {"type": [output.type, "null"]}
    return schema | ({"description": output.description} if output.description else {})


def _object(members: Sequence[Output]) -> dict[str, Any]:
    return {"type": ["object", "null"], "properties": {each.name: _schema(each) for each in members}}


def _types(schema: dict[str, Any]) -> Iterator[str]:
    yield from schema.get("type", ())
    for member in schema.get("properties", {}).values():
        yield from _types(member)
    for keyword in ("items", "additionalProperties"):
        if keyword in schema:
            yield from _types(schema[keyword])
