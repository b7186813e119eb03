"""Which functions are read-only, for ``--read-only``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from naftiko_run.consume import NotCallable, UpstreamOperation
from naftiko_run.document.model import FunctionModel

SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
"""The safe methods (RFC 9110, 9.2.1)."""


class NotReadOnly(NotCallable):
    """A function that is not served because it is not known to be read-only; the message says why."""


def is_safe_to_call(model: FunctionModel, operations: Sequence[UpstreamOperation]) -> bool:
    """Return whether a function is read-only: as its author declares, else by the methods that it calls."""
    if model.is_safe is not None:
        return model.is_safe
    return all(each.plan.method in SAFE_METHODS for each in operations)


def require_safe(model: FunctionModel, operations: Sequence[UpstreamOperation]) -> None:
    """Check that a function is declared as safe, or calls only safe methods.

    Scripts are isolated and only see their inputs, so they count as read-only.

    Args:
        model: The function in the document.
        operations: All operations that it calls.

    Raises:
        NotReadOnly: The function is not known to be read-only; the message says why.
    """
    if model.is_safe is None:
        changing = [each for each in operations if each.plan.method not in SAFE_METHODS]
        if changing:
            calls = ", ".join(f"{each.name} ({each.plan.method})" for each in changing)
            raise NotReadOnly(f"only read-only functions are served (--read-only), and it calls {calls}")
    elif not model.is_safe:
        raise NotReadOnly(
            "only read-only functions are served (--read-only), and the document marks it as not read-only"
        )
