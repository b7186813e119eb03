"""The table: every object, choice and field of the specification; look-ups in it, and the spellings of fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from naftiko_run.spec import authentication, consumes, control, document, exposes, functions
from naftiko_run.spec.common import TEXT
from naftiko_run.spec.schema_types import Field, Official, SpecChoice, SpecLine, SpecObject


@dataclass(frozen=True, slots=True, eq=False)
class SpecTable:
    """Objects and choices by name.

    Attributes:
        objects: The objects.
        choices: The choices; no object has the name of a choice.
    """

    objects: Mapping[str, SpecObject]
    choices: Mapping[str, SpecChoice]


TABLE: Final = SpecTable(
    {
        each.name: each
        for each in (
            *document.OBJECTS,
            *consumes.OBJECTS,
            *authentication.OBJECTS,
            *exposes.OBJECTS,
            *control.OBJECTS,
            *functions.OBJECTS,
        )
    },
    {
        each.name: each
        for each in (*consumes.CHOICES, *authentication.CHOICES, *exposes.CHOICES, *functions.CHOICES)
    },
)
"""The specification."""


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


INFO_LABEL: Final = spellings("info", "label")
LABEL: Final = spellings("tool", "label")
DESCRIPTION: Final = spellings("tool", "description")
BASE_URI: Final = spellings("consumes", "baseUri")
CONSUMED_NAMESPACE: Final = spellings("consumes", "namespace")
OPERATION_NAME: Final = spellings("consumed operation", "name")
AUTHENTICATION: Final = spellings("consumes", "authentication")
PLACEMENT: Final = spellings("apikey authentication", "placement")
API_KEY_NAME: Final = spellings("apikey authentication", "key")
API_KEY_VALUE: Final = spellings("apikey part", "value")
IMPORTED_FILE: Final = spellings("import", "location")
INPUT_VALUE: Final = spellings("input", "value")
CONSUMED_OUTPUT_VALUE: Final = spellings("consumed output", "value")
STEP_TARGET: Final = spellings("mapping", "targetName")
FUNCTIONS: Final = spellings("aggregate", "functions")
ARGUMENTS: Final = spellings("prompt", "arguments")
TEMPLATE: Final = spellings("prompt", "template")
