"""JSON Schemas of parameters: only what the document declares, self-contained, without invalid keywords."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, get_args

import jsonschema_rs

from naftiko_run import _json
from naftiko_run.document.model import Parameter, ParameterType
from naftiko_run.document.normalize.input_schemas import properties_of
from naftiko_run.invoke.outputs import convert
from naftiko_run.spec.common import INPUT_TYPE

MAX_DEPTH: Final = 30
"""Maximum depth of described members; JSON parsers of clients have limits, and one level of members is two of JSON."""

_ANNOTATIONS = frozenset({"description", "title", "default", "examples", "deprecated"})
"""Keywords that accept any value of a document."""

_KEYWORDS = (
    *("type", "title", "description", "enum", "const", "default", "examples", "deprecated"),
    *("pattern", "format", "minLength", "maxLength"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
)
_TYPES = frozenset(get_args(ParameterType))
_RESTRICTING = frozenset(("type", "enum", "const", "not", "anyOf", "oneOf", "allOf", "$ref"))
"""Keywords that restrict the allowed values."""
_CHOICES = ("anyOf", "oneOf", "allOf")


class InvalidKeyword(NamedTuple):
    """A keyword that was removed from a schema because it is invalid.

    Attributes:
        keyword: The path of the keyword in the schema, such as ``properties/id/pattern``.
        fault: What is wrong with it.
    """

    keyword: str
    fault: str


def schema_of(parameter: Parameter) -> dict[str, Any]:
    """Return the JSON Schema of a parameter, with only what the document declares."""
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
    """Return a schema that also accepts null."""
    kind, choices = schema.get("type"), schema.get("enum")
    taken = dict(schema)
    if isinstance(kind, str) and kind != "null":
        taken["type"] = [kind, "null"]
    if choices and None not in choices:
        taken["enum"] = [*choices, None]
    return taken


def type_of(schema: Mapping[str, Any]) -> str:
    """Return the single type of a schema, except null; empty if it has none or several."""
    kind = schema.get("type", "")
    kinds = [each for each in kind if each != "null"] if isinstance(kind, list) else [kind]
    return str(kinds[0]) if len(kinds) == 1 else ""


def takes_null(schema: Mapping[str, Any], *, or_untyped: bool = False) -> bool:
    """Return whether null is one of the types of a schema.

    Args:
        schema: The schema.
        or_untyped: Return True also if the schema does not restrict its values.
    """
    kind = schema.get("type")
    return (isinstance(kind, list) and "null" in kind) or (or_untyped and _RESTRICTING.isdisjoint(schema))


def with_items(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an input with ``items: {}`` added to an array without ``items``."""
    return {**schema, "items": {}} if type_of(schema) == "array" and "items" not in schema else schema


def _member(member: Any, level: int) -> dict[str, Any]:
    """Return the JSON Schema of ``items``, or of one of ``properties``.

    A reference (``$ref``) has no target in a capability document: any value is accepted there.
    """
    if not isinstance(member, dict):
        return {"type": _normalize_type(member)} if isinstance(member, str) else {}
    schema = {key: member[key] for key in _KEYWORDS if member.get(key) is not None}
    if "type" in schema:
        schema["type"] = _normalize_type(schema["type"])
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
    """Return ``additionalProperties``, ``anyOf``, ``oneOf`` and ``allOf`` of a schema."""
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


def _normalize_type(kind: Any) -> Any:
    return INPUT_TYPE.aliases.get(kind, kind) if isinstance(kind, str) else kind


def remove_invalid_keywords(schema: dict[str, Any]) -> tuple[dict[str, Any], list[InvalidKeyword]]:
    """Return a schema without its invalid keywords, and these keywords.

    The values of ``enum`` and ``default`` are converted to the declared type if nothing is
    lost; a default that then does not match the schema is removed.
    """
    removed: list[InvalidKeyword] = []
    return _remove_invalid_keywords(schema, "", removed), removed


def _remove_invalid_keywords(
    schema: dict[str, Any], at: str, removed: list[InvalidKeyword]
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for keyword, value in schema.items():
        place = f"{at}{keyword}"
        if keyword == "properties":
            kept[keyword] = {
                name: _remove_invalid_keywords(each, f"{place}/{name}/", removed)
                for name, each in value.items()
            }
        elif keyword in ("items", "additionalProperties") and isinstance(value, dict):
            kept[keyword] = _remove_invalid_keywords(value, f"{place}/", removed)
        elif keyword in _CHOICES:
            kept[keyword] = [
                _remove_invalid_keywords(each, f"{place}/{number}/", removed)
                for number, each in enumerate(value)
            ]
        elif fault := _fault_of(keyword, value):
            removed.append(InvalidKeyword(place, fault))
        else:
            kept[keyword] = value
    if "enum" in kept:
        kept["enum"] = [*_unique(convert(type_of(kept), each) for each in kept["enum"])]
    if "default" in kept:
        _settle_default(kept, at, removed)
    return kept


def _settle_default(schema: dict[str, Any], at: str, removed: list[InvalidKeyword]) -> None:
    """Convert the default to a valid value, or remove it, because calls that rely on it would fail."""
    default = convert(type_of(schema), schema.pop("default"))
    if compile_schema(schema).is_valid(default):
        schema["default"] = default
    else:
        removed.append(InvalidKeyword(f"{at}default", "it does not match the rest of the schema"))


def _unique(values: Iterator[Any]) -> Iterator[Any]:
    seen: list[Any] = []
    for value in values:
        if not any(value == each and type(value) is type(each) for each in seen):
            seen.append(value)
            yield value


def _fault_of(keyword: str, value: Any) -> str:
    """Return what is wrong with a keyword; empty if it is valid."""
    if keyword in _ANNOTATIONS or (keyword == "type" and isinstance(value, str) and value in _TYPES):
        return ""
    try:
        compile_schema({keyword: value})
    except ValueError as fault:
        return str(fault).removeprefix(f"`{keyword}`: ")
    return ""


def compile_schema(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Compile a JSON Schema (2020-12); its error messages never contain the value.

    Raises:
        ValueError: The schema is invalid, or refers to another schema.
    """
    return _compiled(_json.dumps(schema))


@lru_cache(maxsize=256)
def _compiled(text: bytes) -> jsonschema_rs.Draft202012Validator:
    """Compile the text of a schema; cached, because operations, tools and their members often share one."""
    schema = _json.loads(text)
    try:
        return jsonschema_rs.Draft202012Validator(schema, retriever=_retrieve, mask="it")
    except jsonschema_rs.ValidationError as fault:
        at = "/".join(map(str, fault.instance_path))
        message = _describe(fault)
        raise ValueError(f"`{at}`: {message}" if at else message) from None


def _describe(fault: jsonschema_rs.ValidationError) -> str:
    """Return what is wrong with a schema, with the reason for an invalid regular expression."""
    kind: Any = fault.kind
    if kind.name != "format" or kind.format != "regex":
        return fault.message
    try:
        re.compile(str(fault.instance))
    except re.error as invalid:
        if not invalid.msg.startswith("bad escape"):  # JSON Schema has escapes that Python does not
            return f"invalid regular expression: {invalid}"
    return "invalid regular expression"


def _retrieve(uri: str) -> Any:
    """Reject references to other schemas: loading a document fetches nothing."""
    raise ValueError(f"`{uri}` is outside the schema, and is not fetched")
