"""What is known to change nothing: for those who serve only that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from naftiko_run.consume import ConsumedOperation, NotCallable
from naftiko_run.document.model import FunctionModel

SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
"""The methods that change nothing (RFC 9110, 9.2.1)."""


class NotReadOnly(NotCallable):
    """What could work, and is left out as was asked; the message says why."""


def is_safe_to_call(model: FunctionModel, operations: Sequence[ConsumedOperation]) -> bool:
    """Whether a unit is known to change nothing: by what its author says, else by the methods of what it calls."""
    if model.is_safe is not None:
        return model.is_safe
    return all(each.plan.method in SAFE_METHODS for each in operations)


def require_safe(model: FunctionModel, operations: Sequence[ConsumedOperation]) -> None:
    """Let pass what its author says to be safe, and what calls nothing but safe methods.

    Scripts have nothing but their inputs to work on, so they change nothing either.

    Args:
        model: What is to be served.
        operations: All that it calls.

    Raises:
        NotReadOnly: It is not known to be safe; the message says why.
    """
    if model.is_safe is None:
        changing = [each for each in operations if each.plan.method not in SAFE_METHODS]
        if changing:
            calls = ", ".join(f"{each.name} ({each.plan.method})" for each in changing)
            raise NotReadOnly(f"only what is known to be safe is served (--read-only), and it calls {calls}")
    elif not model.is_safe:
        raise NotReadOnly(
            "only what is known to be safe is served (--read-only), and the document says that it is not"
        )
