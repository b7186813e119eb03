"""The JSON Schema of what loading reads, for editors, derived from the specification table.

Draft-07, which the YAML support of every editor reads. It has three keywords beside
the standard ones, which editors read: ``deprecationMessage``, ``doNotSuggest``
and ``patternErrorMessage``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Literal

from naftiko_run import plugins
from naftiko_run.document.imports.syntax import ENDINGS
from naftiko_run.spec.document import IMPORT_MARKS, IMPORT_MARKS_OF_CONSUMES, VERSIONS
from naftiko_run.spec.schema_types import (
    Anything,
    Enum,
    Field,
    Flag,
    Integer,
    ListOf,
    MapOf,
    Named,
    Number,
    Object,
    SpecChoice,
    SpecLine,
    SpecObject,
    String,
    Value,
    Version,
)
from naftiko_run.spec.table import (
    BASE_URI,
    IMPORTED_FILE,
    TABLE,
    SpecTable,
    choice_of,
    lenient_object,
    type_field,
)

JsonSchema = dict[str, Any]

_EXTENSIONS: Final[JsonSchema] = {"^x-": {}}
_SCALARS: Final = ("string", "number", "boolean", "null")
_FLAG_WORDS: Final = ("true", "false", "yes", "no", "on", "off")


def editor_schema(version: str = "", table: SpecTable = TABLE) -> JsonSchema:
    """Return the JSON Schema (draft-07) of a capability document.

    Args:
        version: A specification version, such as ``1.0.0-alpha2``, for only the
            keys and forms of its line; empty for both lines.
        table: The specification.

    Raises:
        ValueError: No specification line has that version; the message lists the known ones.
    """
    lines: tuple[SpecLine, ...] = ("naftiko", "ikanos")
    line = next((line for line in lines if version in VERSIONS[line]), None)
    if version and line is None:
        known = ", ".join(each for versions in VERSIONS.values() for each in versions)
        raise ValueError(f"unknown specification version `{version}`; known versions: {known}")
    return _EditorSchema(line or "", version, table).document()


class _EditorSchema:
    """Builds the editor schema.

    Args:
        line: The spec line whose keys and forms it has; empty for both.
        version: The version that documents must name; empty for any, or none.
        table: The specification.
    """

    def __init__(self, line: SpecLine | Literal[""], version: str, table: SpecTable) -> None:
        self._line = line
        self._version = version
        self._table = table
        self._importable = {
            field.type.item.name
            for field in table.objects["capability"].fields
            if isinstance(field.type, ListOf) and isinstance(field.type.item, Object)
        }

    def document(self) -> JsonSchema:
        """Return the whole schema."""
        root = self._object(self._table.objects["document"])
        if self._version:
            root["required"] = [self._line]
        objects = [each for each in self._table.objects.values() if each.name != "document"]
        choices = [each for each in self._table.choices.values() if not each.is_strict_only]
        return {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "description": "A capability document, as naftiko-run reads it.",
            "type": "object",
            **root,
            "definitions": {
                **{_slug(each.name): self._object(each) for each in objects},
                **{_slug(each.name): self._choice(each) for each in choices},
                "output-or-outputs": _one_or_several("output"),
                **{f"{_slug(name)}-or-import": self._or_import(name) for name in sorted(self._importable)},
            },
        }

    def _object(self, object_: SpecObject) -> JsonSchema:
        choice = choice_of(object_.name, self._table)
        fields = (*([type_field(choice)] if choice else []), *object_.fields)
        schema: JsonSchema = {
            "title": object_.title.strip("`").removeprefix("a ").removeprefix("an ").removeprefix("the "),
            "properties": {name: rule for field in fields for name, rule in self._field(field)},
            **({} if object_.is_open else {"patternProperties": _EXTENSIONS, "additionalProperties": False}),
        }
        groups = [[*self._spellings(object_, group)] for group in object_.needs]
        return schema | _needs(groups)

    def _field(self, field: Field) -> Iterator[tuple[str, JsonSchema]]:
        """Yield every name of a field in the schema, with its schema."""
        value = self._value(field.type)
        description = field.description + (f" Default: {field.default}." if field.default else "")
        names: dict[str, SpecLine | Literal[""]] = {field.name: field.line}
        if field.ikanos:
            names = {field.name: "naftiko", field.ikanos: "ikanos"}
        known = {name: line for name, line in names.items() if not self._line or line in ("", self._line)}
        for name, line in known.items():
            suffix = f" Only in the `{line}` line of the specification." if line and not self._line else ""
            schema = {"description": description + suffix, **value}
            yield (
                name,
                _deprecated(schema, field.instead, is_reported=field.is_alias_reported)
                if field.instead
                else schema,
            )
        instead = " or ".join(f"`{name}`" for name in known or names)
        for alias in field.aliases:
            yield (
                alias,
                _deprecated(
                    {"description": description, **value}, instead, is_reported=field.is_alias_reported
                ),
            )

    def _value(self, type_: Value) -> JsonSchema:
        match type_:
            case Object() | ListOf() | MapOf() | Named():
                return self._collection(type_)
            case Version():
                versions = [self._version] if self._version else [*VERSIONS[type_.line]]
                numbers = [float(each) for each in versions if each.count(".") == 1]
                return {"enum": [*versions, *numbers], "default": versions[0]}
            case _:
                return _scalar(type_)

    def _collection(self, type_: Object | ListOf | MapOf | Named) -> JsonSchema:
        match type_:
            case Object():
                types = ("object", "array") if type_.or_several else ("object", *type_.also)
                target = f"{type_.name} or outputs" if type_.or_several else lenient_object(type_.name)
                schema: JsonSchema = {"type": [*types, "null"], "allOf": [_ref(target)]}
            case ListOf(item=Object() as item):
                types = ("array",) if self._line else ("array", "object")
                schema = self._members(item.name, (*types, *type_.accepts), has_scalars=type_.has_scalars)
            case ListOf():
                schema = {"type": ["array", *type_.accepts, "null"], "items": self._value(type_.item)}
            case MapOf(value=Object() as value):
                types = ("object",) if self._line or type_.is_only_map else ("object", "array")
                schema = self._members(value.name, types, has_scalars=type_.has_scalars)
            case MapOf():
                schema = {"type": ["object", *type_.accepts, "null"]}
                if value_schema := self._value(type_.value):
                    schema["additionalProperties"] = value_schema
                    schema |= {"items": value_schema} if "array" in type_.accepts else {}
            case Named():
                schema = self._members(type_.item, self._named_types(type_), has_scalars=type_.has_scalars)
        return schema

    def _named_types(self, named: Named) -> tuple[str, ...]:
        if self._line == "naftiko":
            return ("array",)
        if self._line == "ikanos" and not named.is_list_in_ikanos:
            return ("object",)
        return ("array", "object")

    def _members(self, item: str, types: Sequence[str], *, has_scalars: bool) -> JsonSchema:
        name = lenient_object(item)
        target = f"{name} or import" if name in self._importable else name
        schema: JsonSchema = {"type": [*types, "null"]}
        if "array" in types:
            schema["items"] = {"type": "object", "allOf": [_ref(target), *_one_of(self._names(name))]}
        if "object" in types:
            scalars = _SCALARS if has_scalars else ()
            schema["additionalProperties"] = {"type": ["object", *scalars], "allOf": [_ref(target)]}
        return schema

    def _names(self, name: str) -> list[str]:
        """Return the keys of which a member of a list needs one."""
        choice = self._table.choices.get(name)
        object_ = self._table.objects[choice.object_of(next(iter(choice.kinds))) if choice else name]
        return [*self._spellings(object_, object_.named_by)]

    def _spellings(self, object_: SpecObject, names: Iterable[str]) -> Iterator[str]:
        """Yield the names and aliases of some fields in the schema; other keys unchanged."""
        fields = {field.name: field for field in object_.fields}
        for name in names:
            yield from (each for each, _ in self._field(fields[name])) if name in fields else (name,)

    def _choice(self, choice: SpecChoice) -> JsonSchema:
        """Return the schema of an object whose ``type`` decides which fields it has."""
        plugged = [each for group in choice.groups for each in plugins.installed(group)]
        types = list(dict.fromkeys([*choice.types, *plugged]))
        kinds: dict[str, list[str]] = {}
        for type_ in (*choice.types, *choice.aliases):
            kinds.setdefault(choice.object_of(type_), []).append(type_)
        cases: list[JsonSchema] = [
            {
                "if": {"properties": {"type": {"pattern": any_case_pattern(each)}}, "required": ["type"]},
                "then": _ref(object_),
            }
            for object_, each in kinds.items()
        ]
        schema: JsonSchema = {"properties": {"type": _type(choice, types)}}
        if not choice.identified_by:
            return {**schema, "required": ["type"], "allOf": cases}
        default = {"if": {"required": ["type"]}, "else": _ref(choice.object_of(choice.default_type))}
        return {
            "if": {"anyOf": _have(choice.identified_by)},
            "then": {**schema, "allOf": [*cases, default]},
        }

    def _or_import(self, name: str) -> JsonSchema:
        """Return the schema of an entry of a section, or of an import in its place."""
        is_consumed = name == "consumes"
        is_import: JsonSchema = {"anyOf": _have(IMPORT_MARKS_OF_CONSUMES if is_consumed else IMPORT_MARKS)}
        if is_consumed:
            is_import["not"] = {"anyOf": _have(BASE_URI)}
        is_file = {"pattern": f"({'|'.join(re.escape(ending) for ending in ENDINGS)})$"}
        names_file = {"properties": {"import": is_file}, "required": ["import"]}
        imported = self._object(self._table.objects["import"])["properties"]
        return {
            "properties": {key: imported[key] for key in IMPORT_MARKS if key in imported},
            "if": is_import,
            "then": {"allOf": [_ref("import"), {"anyOf": [*_have(IMPORTED_FILE), names_file]}]},
            "else": _ref(name),
        }


def _deprecated(schema: JsonSchema, instead: str, *, is_reported: bool) -> JsonSchema:
    advice = f"Write {instead} instead."
    return {
        **schema,
        "description": f"{schema['description']} {advice}",
        "deprecated": True,
        "doNotSuggest": True,
        **({"deprecationMessage": advice} if is_reported else {}),
    }


def any_case_pattern(words: Iterable[str]) -> str:
    """Return the pattern of some words in any case."""
    letters = ("".join(_any_case(letter) for letter in word) for word in words)
    return f"^({'|'.join(letters)})$"


def _any_case(letter: str) -> str:
    return f"[{letter.upper()}{letter.lower()}]" if letter.isalpha() else f"[{letter}]"


def _scalar(type_: String | Integer | Number | Flag | Enum | Anything) -> JsonSchema:
    match type_:
        case String():
            return _text(type_)
        case Integer() | Number():
            return _number(type_)
        case Enum():
            return _enum(type_)
        case Flag():
            return {
                "type": ["boolean", "string", "null", *type_.accepts],
                "pattern": any_case_pattern(_FLAG_WORDS),
                "patternErrorMessage": "Write true or false.",
            }
        case Anything():
            return {"type": [*type_.types, "null"]} if type_.types else {}


def _text(text: String) -> JsonSchema:
    return {
        **({"type": _one_or_list(text.accepts)} if text.accepts else {}),
        **_pattern(text.lenient_pattern, text.lenient_form),
        **({"examples": [text.example]} if text.example else {}),
    }


def _number(number: Integer | Number) -> JsonSchema:
    if isinstance(number, Integer):
        minimum = number.lenient_minimum if number.lenient_minimum is not None else number.minimum or 0
        limits: JsonSchema = {"minimum": minimum, "maximum": number.maximum}
        pattern = _pattern("^[0-9]+$", number.lenient_form)
    else:
        limits = {
            "minimum": number.minimum,
            "maximum": number.maximum,
            "exclusiveMinimum": number.exclusive_minimum,
            "examples": [number.example] if number.example is not None else None,
        }
        pattern = _pattern("^[0-9]*[.]?[0-9]+$", number.lenient_form)
    return {
        "type": [*number.accepts],
        **{name: limit for name, limit in limits.items() if limit is not None},
        **(pattern if "string" in number.accepts else {}),
    }


def _pattern(pattern: str, form: str) -> JsonSchema:
    return {"pattern": pattern, "patternErrorMessage": f"Write {form}."} if pattern else {}


def _enum(enum: Enum) -> JsonSchema:
    schema: JsonSchema = (
        {"enum": [*enum.supported]} if enum.is_exact else _words(enum.supported, enum.aliases)
    )
    names = plugins.installed(enum.group) if enum.group else ()
    return {"anyOf": [schema, {"enum": [*names]}]} if names else schema


def _words(words: Sequence[str], aliases: Iterable[str]) -> JsonSchema:
    """Return the schema of one of some words in any case, of which editors do not suggest the aliases."""
    pattern = any_case_pattern([*words, *aliases])
    return {"anyOf": [{"enum": [*words]}, {"type": "string", "pattern": pattern}]}


def _type(choice: SpecChoice, types: list[str]) -> JsonSchema:
    schema: JsonSchema = {"description": choice.description, **_words(types, choice.aliases)}
    if choice.is_alias_reported:
        schema["allOf"] = [
            {
                "if": {"const": alias},
                "then": {"deprecated": True, "deprecationMessage": f"Write `{type_}` instead."},
            }
            for alias, type_ in choice.aliases.items()
        ]
    return schema


def _one_or_several(name: str) -> JsonSchema:
    """Return the schema of an object, or of a map or list of them: a map where each value has a ``type``."""
    one, member = _ref(name), {"type": "object", "allOf": [_ref(name)]}
    typed = {"type": "object", "properties": {"type": {"type": "string"}}, "required": ["type"]}
    return {
        "items": member,
        "if": {"type": "object", "minProperties": 1, "additionalProperties": typed},
        "then": {"additionalProperties": member},
        "else": one,
    }


def _needs(groups: list[list[str]]) -> JsonSchema:
    """Return the schema of objects that have a key of each group."""
    schema: JsonSchema = {}
    if single := [group[0] for group in groups if len(group) == 1]:
        schema["required"] = single
    if several := [each for group in groups if len(group) > 1 for each in _one_of(group)]:
        schema["allOf"] = several
    return schema


def _one_of(keys: Sequence[str]) -> list[JsonSchema]:
    """Return the schema of objects that have one of some keys; none for no keys."""
    return [{"anyOf": _have(keys)}] if keys else []


def _have(keys: Iterable[str]) -> list[JsonSchema]:
    return [{"required": [key]} for key in keys]


def _one_or_list(types: Sequence[str]) -> str | list[str]:
    return types[0] if len(types) == 1 else [*types]


def _ref(name: str) -> JsonSchema:
    return {"$ref": f"#/definitions/{_slug(name)}"}


def _slug(name: str) -> str:
    return name.replace(" ", "-")
