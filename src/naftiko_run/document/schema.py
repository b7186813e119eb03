"""The JSON Schema of what can be written, for editors: made of the canonical model, loosened as loading is."""

from __future__ import annotations

from typing import Any, Final

from naftiko_run.document.dialects import SPEC_VERSIONS
from naftiko_run.document.dialects.bodies import BODY_TYPES
from naftiko_run.document.model import Document

_INTERNAL: Final = ("pointer", "settings", "unavailable")
_NAMED: Final = ("inputParameters", "outputParameters", "resources", "operations", "tools", "properties")
"""Lists of named members, which the ``ikanos`` line writes as maps."""

_SPELLINGS: Final[dict[str, dict[str, str]]] = {
    "Info": {"display": "label", "title": "label", "name": "label"},
    "ConsumedOperation": {"id": "name", "path": ""},
    "RestOperation": {"path": "", "display": "label"},
    "Tool": {"display": "label", "title": "label"},
    "Consumes": {"auth": "authentication"},
}
"""Keys that authors write besides the model's own, and the key that each means."""

_TEXT: Final = ["string", "number", "boolean", "null"]
_SHAPES: Final[dict[str, dict[str, Any]]] = {
    "string": {"type": _TEXT},
    "integer": {"type": ["integer", "string", "null"]},
    "boolean": {"type": ["boolean", "string", "array", "null"]},
    "object": {"type": ["object", "null"]},
}

_OTHER_WORDS: Final = {
    "GET": ("get", "head", "post", "put", "patch", "delete", "options"),
    "string": ("int", "float", "double", "bool", "str"),
    "json": tuple(BODY_TYPES),
}
"""What is understood besides the words of an enumeration, by the first of these."""

_AUTHENTICATION: Final[dict[str, Any]] = {
    "type": "object",
    "description": "How to authenticate; values may be templates such as `{{env.API_KEY}}`.",
    "properties": {
        "type": {"examples": ["basic", "bearer", "apikey", "none"], "type": "string"},
        "username": {"description": "basic: the user name."},
        "password": {"description": "basic: the password."},
        "token": {"description": "bearer: the token."},
        "key": {"description": "apikey: the name of the header, query parameter, cookie or body field."},
        "value": {"description": "apikey: the key itself."},
        "placement": {
            "examples": ["header", "query", "cookie", "body", "path"],
            "description": "apikey: where.",
        },
    },
    "required": ["type"],
}


def document_schema(version: str = "") -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of a capability document.

    Args:
        version: A specification version, such as ``1.0.0-alpha2``; empty for all.

    Raises:
        ValueError: No specification line has that version; the message names those known.
    """
    lines = {
        line: [known for known in versions if version in ("", known)]
        for line, versions in SPEC_VERSIONS.items()
    }
    if not any(lines.values()):
        known = ", ".join(each for versions in SPEC_VERSIONS.values() for each in versions)
        raise ValueError(f"`{version}` is no version known here; known: {known}")
    canonical = Document.model_json_schema(by_alias=True)
    definitions = {name: _loosened(name, each) for name, each in canonical["$defs"].items()}
    definitions["Authentication"] = _AUTHENTICATION
    members = canonical["properties"]
    binds, consumes, exposes = (_named(_loose(members[key])) for key in ("binds", "consumes", "exposes"))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Naftiko capability document",
        "type": "object",
        "properties": {
            **{
                line: {
                    "examples": versions,
                    "description": "The version of the specification that the document follows.",
                }
                for line, versions in lines.items()
                if versions
            },
            "info": {"$ref": "#/$defs/Info"},
            "binds": binds,
            "capability": {
                "type": "object",
                "description": "What the capability consumes, and how it exposes that.",
                "properties": {"binds": binds, "consumes": consumes, "exposes": exposes},
            },
        },
        "required": ["capability"],
        "$defs": definitions,
    }


def _loosened(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    """Give a definition with every spelling that loading understands."""
    members = {
        key: _named(_loose(member)) if key in _NAMED else _loose(member)
        for key, member in definition.get("properties", {}).items()
        if key not in _INTERNAL
    }
    for spelling, meaning in _SPELLINGS.get(name, {}).items():
        members.setdefault(spelling, members.get(meaning, {}))
    for key, member in members.items():
        if key == "body":
            members[key] = {"anyOf": [{"$ref": "#/$defs/Body"}, {"type": "string"}]}
        elif key in ("items", "values") and name == "Output":
            # After steps, `items` is a map of properties, whatever their names.
            members[key] = {"anyOf": [member, {"type": "array", "items": member}, {"type": "object"}]}
    loosened: dict[str, Any] = {"type": "object", "properties": members}
    if "description" in definition:
        loosened["description"] = definition["description"].split("\n\n")[0].replace("``", "`")
    return loosened


def _loose(member: dict[str, Any]) -> dict[str, Any]:
    """Give a member that takes what loading takes without a word."""
    if "$ref" in member:
        return {"$ref": member["$ref"]}
    if "discriminator" in member or "oneOf" in member:
        return (
            {"type": "object"}
            if "propertyName" in member.get("discriminator", {})
            else _by_type(member["oneOf"])
        )
    if "anyOf" in member:
        choices = [_loose(each) for each in member["anyOf"] if each.get("type") != "null"]
        return choices[0] if len(choices) == 1 else {"anyOf": choices}
    if "enum" in member:
        return {"enum": [*member["enum"], *_OTHER_WORDS.get(member["enum"][0], ()), None]}
    if member.get("type") == "array":
        return {"type": ["array", "null"], "items": _loose(member.get("items", {}))}
    return {"const": member["const"]} if "const" in member else _SHAPES.get(member.get("type", ""), {})


def _by_type(choices: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the choice that an adapter's ``type`` makes."""
    names = {
        name: choice for choice in choices for name in ("rest", "mcp") if name in choice["$ref"].casefold()
    }
    return {
        "type": "object",
        "properties": {"type": {"type": "string", "examples": list(names)}},
        "allOf": [
            {"if": {"properties": {"type": {"const": name}}, "required": ["type"]}, "then": choice}
            for name, choice in names.items()
        ],
    }


def _named(member: dict[str, Any]) -> dict[str, Any]:
    """Allow a map of named members beside the list of them."""
    if "items" not in member:
        return member
    return {
        "anyOf": [
            member,
            {"type": "object", "additionalProperties": {"anyOf": [member["items"], {"type": _TEXT}]}},
        ]
    }
