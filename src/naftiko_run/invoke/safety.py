"""What is known to change nothing: for those who serve only that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from naftiko_run.consume import NotCallable, UpstreamOperation
from naftiko_run.document.model import FunctionModel

READING: Final = ("GET", "HEAD", "OPTIONS")
"""The methods that change nothing (RFC 9110, 9.2.1)."""


class Withheld(NotCallable):
    """What could work, and is left out as was asked; the message says why."""


def is_safe_to_call(unit: FunctionModel, operations: Sequence[UpstreamOperation]) -> bool:
    """Whether a unit is known to change nothing: by what its author says, else by the methods of what it calls."""
    if unit.is_safe is not None:
        return unit.is_safe
    return all(each.plan.method in READING for each in operations)


def require_safe(unit: FunctionModel, operations: Sequence[UpstreamOperation]) -> None:
    """Let pass what its author says to be safe, and what calls nothing but safe methods.

    Scripts have nothing but their inputs to work on, so they change nothing either.

    Args:
        unit: What is to be served.
        operations: All that it calls.

    Raises:
        Withheld: It is not known to be safe; the message says why.
    """
    if unit.is_safe is None:
        changing = [each for each in operations if each.plan.method not in READING]
        if changing:
            calls = ", ".join(f"{each.name} ({each.plan.method})" for each in changing)
            raise Withheld(f"only what is known to be safe is served (--read-only), and it calls {calls}")
    elif not unit.is_safe:
        raise Withheld(
            "only what is known to be safe is served (--read-only), and the document says that it is not"
        )
