"""How schemes get the values of the templates in their blocks."""

from __future__ import annotations

from typing import Protocol


class Text(Protocol):
    """Gives the value of a template in an authentication block."""

    def __call__(self, template: str, *, may_be_empty: bool = False) -> str:
        """Give the value.

        Args:
            template: As the author wrote it.
            may_be_empty: Whether a variable that is set to nothing counts as set.
        """
        ...
