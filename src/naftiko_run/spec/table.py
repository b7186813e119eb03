"""The table: every object, choice and field of the specification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from naftiko_run.spec import authentication, consumes, control, document, exposes, functions
from naftiko_run.spec.schema_types import SpecChoice, SpecObject


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
