"""The field reference of the documentation: ``python -m naftiko_run.spec.reference`` writes ``docs/reference/fields.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from naftiko_run.spec.document import VERSIONS
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
from naftiko_run.spec.table import TABLE, SpecTable, choice_of, lenient_object, official_form, type_field

PAGE: Final = Path("docs/reference/fields.md")

_LINES: Final[tuple[SpecLine, ...]] = ("naftiko", "ikanos")
_ACRONYMS: Final = {"mcp": "MCP", "rest": "REST", "otlp": "OTLP", "hmac": "HMAC"}
_INTRODUCTION: Final = """\
# Fields

Every field of a capability document, by object. This page is generated from the specification table:
`python -m naftiko_run.spec.reference`.

- The specification has two lines, `naftiko` and `ikanos`. A field of one line only is marked; where the lines name
  a field differently, both names are listed.
- *required*: the official schema requires it. Documents that leave it out may load all the same.
- *extension*: the official schema does not define it; this runtime reads it.
- *also*: other spellings that loading accepts. `naftiko validate --level strict` accepts the official ones only.
- *named list*: a list of objects with `name` in the naftiko line, a map keyed by name in the ikanos line. Loading
  accepts both in either line.
- Every object accepts further fields that begin with `x-`.
"""


def reference_page(table: SpecTable = TABLE) -> str:
    """Return the page."""
    choices = [each for each in table.choices.values() if not each.is_strict_only]
    sections = [
        *(_object_section(each, table) for each in table.objects.values()),
        *(_choice_section(each) for each in choices),
    ]
    return "\n".join([_INTRODUCTION, *sections])


def _object_section(object_: SpecObject, table: SpecTable) -> str:
    choice = choice_of(object_.name, table)
    fields = (*([type_field(choice)] if choice else []), *object_.fields)
    if object_.is_open and not object_.fields:
        return f"## {_heading(object_.name)}\n\nAny fields.\n"
    rows = "".join(_row(field, object_) for field in fields)
    return (
        f"## {_heading(object_.name)}\n\n"
        "| field | type | required | default | description |\n| --- | --- | --- | --- | --- |\n"
        f"{rows}"
    )


def _choice_section(choice: SpecChoice) -> str:
    rows = "".join(
        f"| `{type_}` | {_link(lenient_object(kind))} | {_aliases(choice, type_)} |\n"
        for type_, kind in choice.types.items()
    )
    return (
        f"## {_heading(choice.name)}\n\n{choice.description}\n\n"
        f"| `type` | object | also |\n| --- | --- | --- |\n{rows}"
    )


def _aliases(choice: SpecChoice, type_: str) -> str:
    return ", ".join(f"`{alias}`" for alias, each in choice.aliases.items() if each == type_)


def _row(field: Field, object_: SpecObject) -> str:
    names = " · ".join(f"`{name}`" for name in dict.fromkeys((field.name, field.ikanos or field.name)))
    line = f" ({field.line})" if field.line else ""
    cells = (
        names + line,
        value_in_words(field.type),
        _required(field, object_),
        field.default,
        " ".join(_sentences(field)),
    )
    return f"| {' | '.join(cells)} |\n"


def _required(field: Field, object_: SpecObject) -> str:
    """Return in which lines and forms the official schemas require a field, or that they do not define it."""
    if not field.is_standard:
        return "extension"
    forms = [*object_.forms] or [""]
    officials = {
        (line, form): official
        for line in _LINES
        for form in forms
        if (official := official_form(field, line, form)) is not None
    }
    lines = dict.fromkeys(line for line, _ in officials)
    only = f"{next(iter(lines))} only" if len(lines) == 1 and not field.line else ""
    required = [each for each, official in officials.items() if official.required]
    if not required:
        return only
    if len(required) == len(officials):
        return "required"
    if object_.forms:
        titles = dict.fromkeys(object_.forms[form].title for _, form in required)
        return f"required: {', '.join(titles)}"
    return f"required ({', '.join(dict.fromkeys(line for line, _ in required))})"


def _sentences(field: Field) -> Iterator[str]:
    yield field.description
    if field.instead:
        yield f"Write {field.instead} instead."
    if field.example:
        yield f"Example: `{field.example}`."
    if field.aliases:
        yield f"Also: {', '.join(f'`{alias}`' for alias in field.aliases)}."


def value_in_words(type_: Value) -> str:
    """Return what a value is, for people."""
    match type_:
        case Object():
            words = f"{_link(lenient_object(type_.name))}{' or several' if type_.or_several else ''}"
            return " or ".join((words, *map(_json_type, type_.also)))
        case ListOf():
            return f"list of {value_in_words(type_.item)}"
        case MapOf():
            return f"map of {value_in_words(type_.value)}"
        case Named():
            return f"named list of {_link(lenient_object(type_.item))}"
        case _:
            return _scalar_in_words(type_)


def _scalar_in_words(type_: String | Integer | Number | Flag | Enum | Version | Anything) -> str:
    match type_:
        case String():
            words = f"text: {type_.form}" if type_.form else "text"
        case Integer() | Number():
            kind = "integer" if isinstance(type_, Integer) else "number"
            words = kind + _range(type_.minimum, type_.maximum)
        case Flag():
            words = "boolean"
        case Enum():
            words = ", ".join(f"`{value}`" for value in type_.supported)
        case Version():
            words = ", ".join(f"`{version}`" for version in VERSIONS[type_.line])
        case Anything():
            words = " or ".join(map(_json_type, type_.types)) or "any value"
    return words


def _range(minimum: float | None, maximum: float | None) -> str:
    if minimum is None and maximum is None:
        return ""
    if maximum is None:
        return f", at least {minimum}"
    return f" from {minimum or 0} to {maximum}"


def _json_type(name: str) -> str:
    return {"string": "text", "array": "list", "object": "map"}.get(name, name)


def _heading(name: str) -> str:
    words = name.split()
    first = words[0] if words[0] in _ACRONYMS else words[0].capitalize()
    return " ".join(_ACRONYMS.get(word, word) for word in (first, *words[1:]))


def _link(name: str) -> str:
    return f"[{name}](#{name.replace(' ', '-')})"


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(reference_page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
