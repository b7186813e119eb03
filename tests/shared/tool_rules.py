"""What big clients refuse of a tool: the rules of their model APIs, as far as these are known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import mcp_types as types

TOOL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
"""Claude and OpenAI: letters, digits, ``_`` and ``-``, 64 characters; Gemini: a letter or ``_`` first."""

PROPERTY_KEY = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
"""Claude."""

TYPES = frozenset(("string", "number", "integer", "boolean", "array", "object", "null"))


def refusals(tool: types.Tool) -> Iterator[str]:
    """Yield what some client would refuse of a tool."""
    if not TOOL_NAME.fullmatch(tool.name):
        yield f"name {tool.name}"
    if tool.input_schema.get("type") != "object":
        yield "the root is no object"
    for keyword in ("oneOf", "anyOf", "allOf", "enum", "not"):  # at the root: OpenAI, Claude
        if keyword in tool.input_schema:
            yield f"{keyword} at the root"
    yield from _of_schema(tool.input_schema, "input")
    if tool.output_schema is not None:
        yield from _of_schema(tool.output_schema, "output")


def _of_schema(schema: Any, at: str) -> Iterator[str]:
    if isinstance(schema, list):
        for each in schema:
            yield from _of_schema(each, at)
    if not isinstance(schema, dict):
        return
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if not TYPES.issuperset(kinds):
        yield f"{at}: type {kinds}"
    if "array" in kinds and not isinstance(schema.get("items"), dict):  # OpenAI, Gemini
        yield f"{at}: an array without items"
    if "required" in schema and not set(schema["required"]) <= schema.get("properties", {}).keys():  # Gemini
        yield f"{at}: requires what is no property"
    if "enum" in schema and not schema["enum"]:  # Gemini
        yield f"{at}: an empty enum"
    properties = schema.get("properties", {})
    for name, each in properties.items():
        if not PROPERTY_KEY.fullmatch(name):
            yield f"{at}: property key {name}"
        yield from _of_schema(each, f"{at}.{name}")
    for keyword in ("items", "additionalProperties", "anyOf", "oneOf", "allOf"):
        yield from _of_schema(schema.get(keyword), f"{at}.{keyword}")
