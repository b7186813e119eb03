"""How a function is told to people."""

from __future__ import annotations

from naftiko_run.expose.exposer import Unit
from naftiko_run.invoke import Function


def unit_of(name: str, function: Function, kind: str = "") -> Unit:
    """Return the line of the start-up output for a function that is not left out; see ``Unit``."""
    calls = ", ".join(operation.name for operation in function.operations)
    if len(function.operations) != 1:
        told = calls or "nothing: it answers by itself"
        return Unit(name, told, kind=kind, refusal=function.refusal)
    operation = function.operations[0]
    request = f"{operation.plan.method} {operation.address}"
    return Unit(name, calls, request, kind=kind, refusal=function.refusal)
