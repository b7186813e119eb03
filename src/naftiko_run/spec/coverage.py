"""The rows of the specification coverage page: ``python -m naftiko_run.spec.coverage PAGE`` updates them.

The table decides which fields the page lists. What becomes of a field, and where
that is tested, is written by hand and kept; so are rows of fields that the table lacks.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from naftiko_run.spec.schema_types import Field, MapOf, Object, SpecLine, SpecObject, Value
from naftiko_run.spec.table import TABLE, SpecTable, choice_of, official_form, type_field

_LINES: Final[tuple[SpecLine, ...]] = ("naftiko", "ikanos")
_HEAD: Final = "| naftiko | ikanos | supported | tested in |\n| --- | --- | --- | --- |\n"
_SECTION: Final = re.compile(
    rf"^Schema: (?P<schemas>[^\n.]*)\.(?P<remarks>[^\n]*\n(?:\n[^|#\n][^\n]*\n)*\n){re.escape(_HEAD)}(?P<rows>(?:\|.*\n)*)",
    re.MULTILINE,
)
_ROW: Final = re.compile(r"\| (?P<naftiko>[^|]*?) \| (?P<ikanos>[^|]*?) \| (?P<rest>.*)\n")
_NEW: Final = "**no**: not described yet | |"
_ABSENT: Final = "—"
_WRITTEN_AS_KEY: Final = "*(key)*"

Names = tuple[str, str]
"""The cells of a field: its name in each line."""


def updated_page(page: str, table: SpecTable = TABLE) -> str:
    """Return the coverage page with a row for each official field, in the order of the table."""
    return _SECTION.sub(lambda section: _updated_section(section, table), page)


def _updated_section(section: re.Match[str], table: SpecTable) -> str:
    schemas = set(re.findall(r"`([^`]+)`", section["schemas"]))
    names = dict.fromkeys(_names(schemas or {""}, table))
    if not names:
        return section[0]
    written = {(row["naftiko"], row["ikanos"]): row["rest"] for row in _ROW.finditer(section["rows"])}
    rest = {each: written.get(each, _NEW) for each in names} | written
    rows = "".join(f"| {' | '.join(each)} | {rest[each]}\n" for each in rest)
    return section[0].removesuffix(section["rows"]) + rows


def _names(schemas: set[str], table: SpecTable) -> Iterator[Names]:
    """Yield the cells of every field of the objects that some official definitions describe."""
    for object_ in table.objects.values():
        if schemas & {*object_.schemas}:
            yield from _fields(object_, "", table)
        for form, each in object_.forms.items():
            if schemas & {*each.schemas}:
                yield from _fields(object_, form, table)


def _fields(object_: SpecObject, form: str, table: SpecTable) -> Iterator[Names]:
    kind = f"{object_.name}/{form}" if form else object_.name
    has_type = any(kind in choice.kinds.values() for choice in table.choices.values())
    choice = choice_of(object_.name, table) or next(iter(table.choices.values()))
    for field in (*([type_field(choice)] if has_type else []), *object_.fields):
        officials = {line: official_form(field, line, form) for line in _LINES}
        if not any(officials.values()):
            continue
        yield _cells(field, {line for line, official in officials.items() if official})
        if inline := _inline(field.type, table):
            prefix = f"{field.name}.*." if isinstance(field.type, MapOf) else f"{field.name}."
            for names in _fields(inline, "", table):
                absent = [each is None for each in officials.values()]
                yield _prefixed(names, prefix, absent)


def _cells(field: Field, lines: set[SpecLine]) -> Names:
    naftiko, ikanos = (f"`{field.name_in(line)}`" if line in lines else _ABSENT for line in _LINES)
    return (naftiko, _WRITTEN_AS_KEY if field.name == "name" and field.line == "naftiko" else ikanos)


def _prefixed(names: Names, prefix: str, absent: list[bool]) -> Names:
    naftiko, ikanos = (
        _ABSENT if is_absent or name == _ABSENT else f"`{prefix}{name.strip('`')}`"
        for name, is_absent in zip(names, absent, strict=True)
    )
    return (naftiko, ikanos)


def _inline(type_: Value, table: SpecTable) -> SpecObject | None:
    """Return the object of a field whose official definition is written into that of its owner."""
    value = type_.value if isinstance(type_, MapOf) else type_
    object_ = table.objects.get(value.name) if isinstance(value, Object) else None
    return object_ if object_ is not None and not object_.schemas and not object_.forms else None


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(updated_page(path.read_text(encoding="utf-8")), encoding="utf-8")
