"""What a document's functions have in common: most of their inputs are the same few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from naftiko_run.invoke.input_validation import InputValidator
from naftiko_run.invoke.inputs import Input
from naftiko_run.invoke.schemas import Unsound, sound


@dataclass(frozen=True, slots=True)
class Shared:
    """Makes what functions have once for all that need an equal one. A key is what ``repr`` tells of a thing."""

    _sound: dict[str, tuple[Input, Sequence[Unsound]]] = field(default_factory=dict)
    _checked: dict[str, tuple[tuple[Input, ...], InputValidator]] = field(default_factory=dict)

    def sound(self, given: Input) -> tuple[Input, Sequence[Unsound]]:
        """Give an input without what makes no valid schema, and what that was; see ``schemas.sound``."""
        key = repr(given)
        if key not in self._sound:
            schema, taken_out = sound(given.schema)
            self._sound[key] = replace(given, schema=schema), taken_out
        return self._sound[key]

    def checked(
        self, inputs: tuple[Input, ...], schema: dict[str, Any] | None
    ) -> tuple[tuple[Input, ...], InputValidator]:
        """Give a function's inputs, and what checks them; see ``InputValidator``.

        Raises:
            ValueError: The document declares something that is no schema.
        """
        key = repr((inputs, schema))
        if key not in self._checked:
            self._checked[key] = inputs, InputValidator(inputs, schema)
        return self._checked[key]
