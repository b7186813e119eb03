"""The strict JSON Schema of a specification line, derived from the specification table.

Equal in verdict to the official schema of the line's newest version. Two
annotations are for explanations: ``title`` names the object that a rule is
about, ``description`` says what the rule requires.
"""

from __future__ import annotations

from typing import Any, Final

from naftiko_run.spec.document import VERSIONS
from naftiko_run.spec.schema_types import (
    AnyOf,
    Anything,
    Constraint,
    Enum,
    Flag,
    Has,
    Integer,
    ListOf,
    MapOf,
    Named,
    NoneOf,
    Number,
    Object,
    OneOf,
    SpecChoice,
    SpecLine,
    SpecObject,
    String,
    Value,
    Version,
    When,
)
from naftiko_run.spec.table import TABLE, SpecTable, official_form

JsonSchema = dict[str, Any]

_ANYTHING: Final[JsonSchema] = {}


def strict_schema(line: SpecLine, table: SpecTable = TABLE) -> JsonSchema:
    """Return the JSON Schema (2020-12) of documents that follow a line to the letter."""
    builder = _StrictSchema(line, table)
    return {**builder.value(Object("document")), "$defs": builder.definitions}


class _StrictSchema:
    """Builds the strict JSON Schema of one line.

    Args:
        line: The line.
        table: The specification.

    Attributes:
        definitions: What was referred to so far.
    """

    def __init__(self, line: SpecLine, table: SpecTable) -> None:
        self.definitions: dict[str, JsonSchema] = {}
        self._line = line
        self._table = table
        self._kinds = {kind for choice in table.choices.values() for kind in choice.kinds.values()}

    def value(self, type_: Value) -> JsonSchema:
        """Return the schema of a value."""
        match type_:
            case Object() | ListOf() | MapOf() | Named():
                return self._collection(type_)
            case Enum():
                return {"enum": [*type_.values, *(type_.ikanos if self._line == "ikanos" else ())]}
            case _:
                return _scalar(type_)

    def _collection(self, type_: Object | ListOf | MapOf | Named) -> JsonSchema:
        match type_:
            case Object():
                return {"type": _one_or_list(*type_.also, "object"), **self._reference(type_.name)}
            case ListOf():
                item = self._importable(type_) if self._line in type_.imports_in else self.value(type_.item)
                return {"type": "array", "items": item, **_present(minItems=type_.min_items or None)}
            case MapOf():
                return {
                    "type": _one_or_list(*type_.also, "object"),
                    **self._map(self.value(type_.value), type_.keys, type_.min_entries),
                }
            case Named():
                return self._named(type_)

    def _importable(self, list_: ListOf) -> JsonSchema:
        """Return the schema of an item, or of an entry that another file defines."""
        return {
            "if": {"required": ["import"]},
            "then": self.value(Object("import")),
            "else": self.value(list_.item),
        }

    def _map(self, value: JsonSchema, keys: String | None, min_entries: int) -> JsonSchema:
        return {
            "additionalProperties": value,
            **_present(
                propertyNames=_text(keys) if keys else None,
                minProperties=min_entries or None,
            ),
        }

    def _named(self, named: Named) -> JsonSchema:
        item = self.value(Object(named.item))
        if self._line == "naftiko":
            return {
                "type": "array",
                "items": item,
                **_present(minItems=named.min_items or None),
                "description": "write a list, with `- ` before each item",
            }
        return {
            "type": "object",
            **self._map(item, named.keys, named.min_entries),
            "description": "write a map with the names as its keys",
        }

    def _reference(self, name: str) -> JsonSchema:
        slug = name.replace(" ", "-").replace("/", "--")
        if slug not in self.definitions:
            self.definitions[slug] = {}  # for a definition that refers to itself
            choice = self._table.choices.get(name)
            self.definitions[slug] = self._choice(choice) if choice else self._record(name)
        return {"$ref": f"#/$defs/{slug}"}

    def _choice(self, choice: SpecChoice) -> JsonSchema:
        return {
            "title": choice.title,
            "properties": {"type": {"enum": [*choice.kinds]}},
            "required": ["type"],
            "allOf": [
                {
                    "if": {
                        "type": "object",
                        "properties": {"type": {"const": type_}},
                        "required": ["type"],
                    },
                    "then": self._reference(kind),
                }
                for type_, kind in choice.kinds.items()
            ],
        }

    def _record(self, name: str) -> JsonSchema:
        object_name, _, form_name = name.partition("/")
        object_ = self._table.objects[object_name]
        form = object_.forms[form_name] if form_name else None
        required: dict[str, JsonSchema] = {}
        optional: dict[str, JsonSchema] = {}
        for field in object_.fields:
            official = official_form(field, self._line, form_name)
            if official is not None:
                fields = required if official.required else optional
                fields[field.name_in(self._line)] = self.value(official.type or field.type)
        type_ = {"type": _ANYTHING} if name in self._kinds else {}
        title = (self._line == "ikanos" and object_.ikanos_title) or object_.title
        constraints = (
            *(form.constraints if form else object_.constraints),
            *object_.line_constraints.get(self._line, ()),
        )
        return {
            "title": form.title if form else title,
            "properties": {**type_, **required, **optional},
            "required": [*required],
            "additionalProperties": False,
            **({"allOf": [self._constraint(each, object_) for each in constraints]} if constraints else {}),
        }

    def _constraint(self, constraint: Constraint | None, object_: SpecObject) -> JsonSchema:
        match constraint:
            case None:
                return _ANYTHING
            case Has():
                return self._has(constraint, object_)
            case AnyOf():
                branches = [self._has(each, object_) for each in constraint.branches]
                return {"anyOf": branches, "description": constraint.message}
            case OneOf():
                branches = [self._has(each, object_) for each in constraint.branches]
                return {"oneOf": branches, "description": constraint.message}
            case NoneOf():
                branches = [self._has(each, object_) for each in constraint.branches]
                return {"not": {"anyOf": branches}, "description": constraint.message}
            case When():
                return {
                    "if": self._has(constraint.condition, object_),
                    "then": self._constraint(constraint.then, object_),
                    "else": self._constraint(constraint.otherwise, object_),
                }

    def _has(self, has: Has, object_: SpecObject) -> JsonSchema:
        names = {field.name: field.name_in(self._line) for field in object_.fields}
        fields = [names[each] for each in has.fields if names[each]]
        also = [names[each] for each in has.also if names[each]]
        values = {
            **{names[each]: self.value(type_) for each, type_ in has.values.items()},
            **{names[each]: {"items": self.value(type_)} for each, type_ in has.items.items()},
            **{names[each]: {"const": value} for each, value in has.constants.items()},
        }
        title = {"title": has.title} if has.title else {}
        return {
            **({"required": fields, **({} if also else title)} if fields else {}),
            **({"properties": values} if values else {}),
            **({"allOf": [{"required": also, **title}]} if also else {}),
        }


def _scalar(type_: String | Integer | Number | Flag | Version | Anything) -> JsonSchema:
    match type_:
        case String():
            return _text(type_)
        case Integer() | Number():
            kind = "integer" if isinstance(type_, Integer) else "number"
            return {"type": kind, **_present(minimum=type_.minimum, maximum=type_.maximum)}
        case Flag():
            return {"type": "boolean"}
        case Version():
            newest = VERSIONS[type_.line][0]
            return {"const": newest, "description": f"the strict level supports {type_.line} {newest} only"}
        case Anything():
            return {"type": _one_or_list(*type_.types)} if type_.types else {}


def _text(text: String) -> JsonSchema:
    return {
        "type": _one_or_list(*text.also, "string"),
        **_present(
            pattern=text.pattern or None,
            description=text.form or None,
            minLength=text.min_length or None,
            maxLength=text.max_length,
        ),
    }


def _one_or_list(*types: str) -> str | list[str]:
    return types[0] if len(types) == 1 else [*types]


def _present(**keywords: Any) -> JsonSchema:
    """Return the keywords that have a value."""
    return {name: value for name, value in keywords.items() if value is not None}
