"""Look-ups in the specification table."""

from __future__ import annotations

from naftiko_run.spec.schema_types import Field, Official, SpecChoice, SpecLine
from naftiko_run.spec.table import TABLE, SpecTable
from naftiko_run.spec.values import TEXT


def spellings(object_: str, field: str) -> tuple[str, ...]:
    """Return every name that loading reads a field of an object by, the official ones first."""
    return next(each.spellings for each in TABLE.objects[object_].fields if each.name == field)


def lenient_object(reference: str) -> str:
    """Return the name of an object or choice without the official form, which loading does not distinguish."""
    return reference.partition("/")[0]


def choice_of(object_: str, table: SpecTable = TABLE) -> SpecChoice | None:
    """Return the choice that an object is one of by its ``type``; None for an object without."""
    choices = (each for each in table.choices.values() if not each.is_strict_only)
    return next((each for each in choices if object_ in map(lenient_object, each.types.values())), None)


def type_field(choice: SpecChoice) -> Field:
    """Return the row of the ``type`` of a choice."""
    return Field("type", TEXT, choice.description, required=True)


def official_form(field: Field, line: SpecLine, form: str = "") -> Official | None:
    """Return how the official schema of a line defines a field; None where it does not.

    Args:
        field: The field.
        line: The line.
        form: The form of the object; empty for an object that has just one.
    """
    if not field.is_standard or not field.name_in(line):
        return None
    if not field.official:
        return Official(required=field.required)
    for official in field.official:
        if official.line in ("", line) and (not official.forms or form in official.forms):
            return official
    return None
