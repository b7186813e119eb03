"""Unknown keys: those that neither the specification defines nor this runtime reads."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from naftiko_run.diagnostics import Pointer, Severity
from naftiko_run.document.imports.syntax import is_import
from naftiko_run.lint.document_view import DocumentView
from naftiko_run.lint.rule import Finding, Rule
from naftiko_run.spec.document import SECTIONS
from naftiko_run.spec.schema_types import Field, ListOf, MapOf, Named, Object, SpecObject
from naftiko_run.spec.table import TABLE, SpecTable, choice_of, lenient_object, type_field

_CUTOFF: Final = 0.72
"""How similar a key must be to be suggested."""


def unknown_keys(data: Mapping[str, Any], table: SpecTable = TABLE) -> Iterator[Finding]:
    """Yield the keys of a document that nothing reads."""
    yield from _unknown(data, (), "document", table)


def _unknown(data: Mapping[str, Any], at: Pointer, name: str, table: SpecTable) -> Iterator[Finding]:
    object_ = _object(name, data, table)
    if object_ is None:
        return
    fields = _fields(object_, table)
    for key, value in data.items():
        place = (*at, key)
        field = fields.get(key)
        if field is not None:
            for member_place, member, member_name in _members(value, place, field):
                yield from _unknown(member, member_place, member_name, table)
        elif not object_.is_open and not key.startswith("x-"):
            hint = _suggestion(key, fields)
            yield Finding(place, f"`{key}` is not a key of {object_.title}", hint, at_key=True)


def _object(name: str, data: Mapping[str, Any], table: SpecTable) -> SpecObject | None:
    """Return the object of the table that some data is; None where it cannot be determined."""
    if name in _IMPORTABLE and is_import(data, is_consumed=name == "consumes"):
        return table.objects["import"]
    choice = table.choices.get(name)
    if choice is None:
        return table.objects[name]
    if choice.identified_by and data.keys().isdisjoint(choice.identified_by):
        return None
    written = data.get("type")
    type_ = written if isinstance(written, str) else ""
    if not type_:
        by_key = (type_ for key, type_ in choice.type_by_key.items() if key in data)
        type_ = next(by_key, "")
    return table.objects.get(choice.object_of(type_) or choice.object_of(choice.default_type))


_IMPORTABLE: Final = {
    field.type.item.name
    for field in TABLE.objects["capability"].fields
    if field.name in SECTIONS and isinstance(field.type, ListOf) and isinstance(field.type.item, Object)
}


@cache
def _fields(object_: SpecObject, table: SpecTable) -> Mapping[str, Field]:
    """Return the fields of an object by every spelling."""
    choice = choice_of(object_.name, table)
    fields = (*([type_field(choice)] if choice else []), *object_.fields)
    return {spelling: field for field in fields for spelling in field.spellings}


def _members(value: Any, at: Pointer, field: Field) -> Iterator[tuple[Pointer, dict[str, Any], str]]:
    """Yield the objects under a key: the one that it holds, or each of a list or named map."""
    match field.type:
        case Object(name=name, or_several=or_several):
            if isinstance(value, dict) and not (or_several and all(map(_has_type, value.values()))):
                yield at, value, lenient_object(name)
                return
            if not or_several:
                return
        case ListOf(item=Object(name=name)) | MapOf(value=Object(name=name)) | Named(item=name):
            pass
        case _:
            return
    pairs = value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    for index, member in pairs:
        if isinstance(member, dict):
            yield (*at, index), member, lenient_object(name)


def _has_type(member: Any) -> bool:
    return isinstance(member, dict) and isinstance(member.get("type"), str)


def _suggestion(key: str, fields: Mapping[str, Field]) -> str:
    known = sorted(fields)
    same = (each for each in known if each.casefold() == key.casefold())
    similar = difflib.get_close_matches(key, known, n=1, cutoff=_CUTOFF)
    close = next(same, None) or next(iter(similar), None)
    return f"did you mean `{close}`?" if close else f"remove it, or rename it to `x-{key}` if it is your own"


def _check(view: DocumentView) -> Iterator[Finding]:
    return unknown_keys(view.root.data)


RULES: Final = (
    Rule(
        "unknown-key",
        Severity.WARNING,
        "Every key is one that the specification defines or this runtime reads; your own begin with `x-`.",
        "correct the name, or remove the key: nothing reads it",
        _check,
    ),
)
"""The rules of this subject."""
