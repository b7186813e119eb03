"""The JSON Schema keywords of input parameters, and those that are not supported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from naftiko_run.diagnostics import Pointer
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.spec.functions import CONSTRAINTS

_CONSTRAINTS: Final = tuple(field.name for field in CONSTRAINTS)
_CHOICES: Final = ("anyOf", "oneOf", "allOf")
_NOT_KEPT: Final = (
    *("$ref", "not", "if", "then", "else", "patternProperties", "propertyNames", "contains", "prefixItems"),
    *("dependentRequired", "dependentSchemas", "unevaluatedProperties", "unevaluatedItems"),
)
"""Keywords that are neither published to callers nor checked."""

_MAX_DEPTH: Final = 30


def normalize_input_schema(written: Reader) -> dict[str, Any]:
    """Return ``items``, ``properties`` and ``constraints`` of an input parameter, and warn of unsupported keywords."""
    data = written.data
    if data.keys().isdisjoint(_KEYWORDS):
        return {"constraints": {}, "items": None, "properties": None}
    for at, keyword, why in _not_kept(data, written.at, 0):
        written.report.warning(
            "schema-keyword",
            f"`{keyword}` of the input is ignored: {why}",
            at,
            hint="use the JSON Schema keywords listed in docs/reference/mcp.md, or write the tool's schema as `x-inputSchema`",
            alters_service=True,
        )
    constraints = {
        key: data[key] for key in _CONSTRAINTS if data.get(key) is not None and _is_kept(key, data[key])
    }
    if isinstance(data.get("required"), list):
        constraints["required"] = [each for each in data["required"] if isinstance(each, str)]
    return {
        "constraints": constraints,
        "items": _items(data.get("items")),
        "properties": properties_of(data.get("properties")),
    }


_KEYWORDS: Final = frozenset((*_CONSTRAINTS, *_NOT_KEPT, "items", "properties", "enum", "required"))


def properties_of(written: Any) -> dict[str, Any] | None:
    """Return the properties of an object by name; authors may write a list of named properties."""
    if isinstance(written, dict):
        return written
    if not isinstance(written, list):
        return None
    named = {
        str(each["name"]): {key: value for key, value in each.items() if key != "name"}
        for each in written
        if isinstance(each, dict) and "name" in each
    }
    return named if len(named) == len(written) else None


def _items(written: Any) -> dict[str, Any] | None:
    if isinstance(written, str):
        return {"type": written}
    return written if isinstance(written, dict) else None


def _is_kept(keyword: str, value: Any) -> bool:
    return not _wrong_form(keyword, value)


def _wrong_form(keyword: str, value: Any) -> str:
    """Return the form that a keyword must have; empty where it has it."""
    if keyword in _CHOICES and not (
        isinstance(value, list) and value and all(isinstance(it, dict) for it in value)
    ):
        return "it must be a list of schemas"
    if keyword == "additionalProperties" and not isinstance(value, bool | dict | str):
        return "it must be true, false or a schema"
    if keyword == "items" and not isinstance(value, bool | dict | str):
        return "it must be the schema or the type of the items"
    if keyword == "properties" and properties_of(value) is None:
        return "it must map names to schemas"
    if keyword == "enum" and not isinstance(value, list):
        return "it must be a list of values"
    return ""


def _not_kept(schema: Any, at: Pointer, depth: int) -> Iterator[tuple[Pointer, str, str]]:
    """Return the place and the name of each unsupported keyword, and the reason."""
    if not isinstance(schema, dict) or depth > _MAX_DEPTH:
        return
    for keyword in _NOT_KEPT:
        if keyword in schema:
            why = "references are not resolved" if keyword == "$ref" else "it is not supported"
            yield (*at, keyword), keyword, why
    for keyword in ("enum", "items", "properties", "additionalProperties", *_CHOICES):
        value = schema.get(keyword)
        if value is None:
            continue
        if why := _wrong_form(keyword, value):
            yield (*at, keyword), keyword, why
        elif keyword in _CHOICES:
            for number, each in enumerate(value):
                yield from _not_kept(each, (*at, keyword, number), depth + 1)
        elif keyword == "properties":
            for name, each in value.items() if isinstance(value, dict) else enumerate(value):
                yield from _not_kept(each, (*at, keyword, name), depth + 1)
        elif keyword != "enum":
            yield from _not_kept(value, (*at, keyword), depth + 1)
