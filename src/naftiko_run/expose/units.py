"""How a function is told to people."""

from __future__ import annotations

from naftiko_run.expose.exposer import Unit
from naftiko_run.invoke import Function


def unit_of(name: str, function: Function, kind: str = "") -> Unit:
    """Give the line of the start-up output for a function that can be called; see ``Unit``."""
    calls = ", ".join(operation.name for operation in function.operations)
    if len(function.operations) != 1:
        return Unit(name, calls or "nothing: it answers by itself", kind=kind)
    operation = function.operations[0]
    return Unit(name, calls, f"{operation.plan.method} {operation.address}", kind=kind)
