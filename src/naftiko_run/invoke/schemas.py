"""JSON Schemas of parameters: only what the document says, self-contained, and made sound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, get_args

import jsonschema_rs

from naftiko_run import _json
from naftiko_run.document.model import Parameter, ParameterType
from naftiko_run.document.normalize.input_schemas import properties_of
from naftiko_run.invoke.outputs import convert
from naftiko_run.spec.values import INPUT_TYPE

MAX_DEPTH: Final = 30
"""How deep members are told; parsers of clients have limits, and two levels of JSON make one of members."""

_PLAIN = frozenset({"description", "title", "default", "examples", "deprecated"})
"""Keywords that take what a document can hold."""

_KEYWORDS = (
    *("type", "title", "description", "enum", "const", "default", "examples", "deprecated"),
    *("pattern", "format", "minLength", "maxLength"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
)
_TYPES = frozenset(get_args(ParameterType))
_TYPING = frozenset(("type", "enum", "const", "not", "anyOf", "oneOf", "allOf", "$ref"))
"""Keywords that say which values there are."""
_CHOICES = ("anyOf", "oneOf", "allOf")


class InvalidKeyword(NamedTuple):
    """What was taken out of a schema.

    Attributes:
        keyword: With its place in the schema, such as ``properties/id/pattern``.
        fault: What is wrong with it.
    """

    keyword: str
    fault: str


def schema_of(parameter: Parameter) -> dict[str, Any]:
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
    required = parameter.constraints.get("required", ())
    schema |= {key: value for key, value in parameter.constraints.items() if key in _KEYWORDS}
    schema |= _nested(parameter.constraints, 0)
    if parameter.items is not None:
        schema["items"] = _member(parameter.items, 1)
    if parameter.properties is not None:
        schema |= _members(parameter.properties, 1, required)
    elif required:
        schema["required"] = [*required]
    return nullable(schema) if parameter.nullable else schema


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that takes null besides."""
    kind, choices = schema.get("type"), schema.get("enum")
    taken = dict(schema)
    if isinstance(kind, str) and kind != "null":
        taken["type"] = [kind, "null"]
    if choices and None not in choices:
        taken["enum"] = [*choices, None]
    return taken


def type_of(schema: Mapping[str, Any]) -> str:
    """Return the one type that a schema names, null aside; empty where it names none or several."""
    kind = schema.get("type", "")
    kinds = [each for each in kind if each != "null"] if isinstance(kind, list) else [kind]
    return str(kinds[0]) if len(kinds) == 1 else ""


def takes_null(schema: Mapping[str, Any], *, or_untyped: bool = False) -> bool:
    """Return whether null is one of the types that a schema names.

    Args:
        schema: The schema.
        or_untyped: Return so also where it says nothing of what its values are.
    """
    kind = schema.get("type")
    return (isinstance(kind, list) and "null" in kind) or (or_untyped and _TYPING.isdisjoint(schema))


def with_items(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an input in which an array says that its elements can be anything, where it says nothing."""
    return {**schema, "items": {}} if type_of(schema) == "array" and "items" not in schema else schema


def _member(member: Any, level: int) -> dict[str, Any]:
    """Give the JSON Schema of ``items``, or of one of ``properties``.

    A reference (``$ref``) has nothing to refer to in a capability document: any value fits there.
    """
    if not isinstance(member, dict):
        return {"type": _spelled(member)} if isinstance(member, str) else {}
    schema = {key: member[key] for key in _KEYWORDS if member.get(key) is not None}
    if "type" in schema:
        schema["type"] = _spelled(schema["type"])
    if member.get("nullable") is True:
        schema = nullable(schema)
    if level >= MAX_DEPTH:
        return schema
    if "items" in member:
        schema["items"] = _member(member["items"], level + 1)
    written = member.get("required")
    required = [each for each in written if isinstance(each, str)] if isinstance(written, list) else []
    properties = properties_of(member.get("properties"))
    if properties is not None:
        schema |= _members(properties, level + 1, required)
    elif required:
        schema["required"] = required
    return schema | _nested(member, level)


def _nested(member: Mapping[str, Any], level: int) -> dict[str, Any]:
    """Return what a schema says of members that it does not name, and the schemas of which a value must fit some."""
    nested: dict[str, Any] = {}
    others = member.get("additionalProperties")
    if isinstance(others, bool | dict | str):
        nested["additionalProperties"] = others if isinstance(others, bool) else _member(others, level + 1)
    for keyword in _CHOICES:
        if isinstance(member.get(keyword), list) and member[keyword]:
            nested[keyword] = [_member(each, level + 1) for each in member[keyword]]
    return nested


def _members(properties: Mapping[str, Any], level: int, required: Sequence[str]) -> dict[str, Any]:
    members = {"properties": {name: _member(member, level) for name, member in properties.items()}}
    said = [
        name
        for name, member in properties.items()
        if isinstance(member, dict) and member.get("required") is True
    ]
    all_required = [*dict.fromkeys((*required, *said))]
    return {**members, "required": all_required} if all_required else members


def _spelled(kind: Any) -> Any:
    return INPUT_TYPE.aliases.get(kind, kind) if isinstance(kind, str) else kind


def remove_invalid_keywords(schema: dict[str, Any]) -> tuple[dict[str, Any], list[InvalidKeyword]]:
    """Give a schema without the keywords that make no valid schema, and what they were.

    ``enum`` and ``default`` become values of the declared type where nothing is
    lost; what still fits the schema nowhere is taken out.
    """
    taken_out: list[InvalidKeyword] = []
    return _remove_invalid_keywords(schema, "", taken_out), taken_out


def _remove_invalid_keywords(
    schema: dict[str, Any], at: str, taken_out: list[InvalidKeyword]
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for keyword, value in schema.items():
        place = f"{at}{keyword}"
        if keyword == "properties":
            kept[keyword] = {
                name: _remove_invalid_keywords(each, f"{place}/{name}/", taken_out)
                for name, each in value.items()
            }
        elif keyword in ("items", "additionalProperties") and isinstance(value, dict):
            kept[keyword] = _remove_invalid_keywords(value, f"{place}/", taken_out)
        elif keyword in _CHOICES:
            kept[keyword] = [
                _remove_invalid_keywords(each, f"{place}/{number}/", taken_out)
                for number, each in enumerate(value)
            ]
        elif fault := _fault_of(keyword, value):
            taken_out.append(InvalidKeyword(place, fault))
        else:
            kept[keyword] = value
    if "enum" in kept:
        kept["enum"] = [*_unique(convert(type_of(kept), each) for each in kept["enum"])]
    if "default" in kept:
        _settle_default(kept, at, taken_out)
    return kept


def _settle_default(schema: dict[str, Any], at: str, taken_out: list[InvalidKeyword]) -> None:
    """Make the default one that the schema takes, or take it out: a call that leaves it to us would fail."""
    default = convert(type_of(schema), schema.pop("default"))
    if compile_schema(schema).is_valid(default):
        schema["default"] = default
    else:
        taken_out.append(InvalidKeyword(f"{at}default", "it does not fit the rest of the schema"))


def _unique(values: Iterator[Any]) -> Iterator[Any]:
    seen: list[Any] = []
    for value in values:
        if not any(value == each and type(value) is type(each) for each in seen):
            seen.append(value)
            yield value


def _fault_of(keyword: str, value: Any) -> str:
    """Say what is wrong with a keyword; empty where it is sound."""
    if keyword in _PLAIN or (keyword == "type" and isinstance(value, str) and value in _TYPES):
        return ""
    try:
        compile_schema({keyword: value})
    except ValueError as fault:
        return str(fault)
    return ""


def compile_schema(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Compile a JSON Schema (2020-12); what it says of a value that does not fit never shows the value.

    Raises:
        ValueError: It is none, or refers to another.
    """
    return _compiled(_json.dumps(schema))


@lru_cache(maxsize=256)
def _compiled(text: bytes) -> jsonschema_rs.Draft202012Validator:
    """Compile the text of a schema: an operation and the tool beside it have one, and so have many of their parts."""
    schema = _json.loads(text)
    try:
        return jsonschema_rs.Draft202012Validator(schema, retriever=_retrieve, mask="it")
    except jsonschema_rs.ValidationError as fault:
        at = "/".join(map(str, fault.instance_path))
        raise ValueError(f"`{at}`: {fault.message}" if at else fault.message) from None


def _retrieve(uri: str) -> Any:
    """Refuse to look for a schema elsewhere: loading a document fetches nothing."""
    raise ValueError(f"`{uri}` is not a part of it, and nothing is fetched")
