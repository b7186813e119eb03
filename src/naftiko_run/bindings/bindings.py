"""Bindings: what ``{{env.X}}``, ``{{namespace.X}}`` and ``{{X}}`` stand for (specification: ``binds``)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from naftiko_run.document.model import Bind
from naftiko_run.secret import MASK, Secret

_CAPITALS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Bound:
    """One binding, resolved.

    Attributes:
        variable: What an operator sets to give it a value.
        value: The value; None where it is not set.
    """

    variable: str
    value: Secret | None


class Bindings:
    """The bindings of one document.

    Args:
        binds: The document's ``binds``, the root's first. A later one overrides
            an earlier one of the same variable.
        environment: Values of the process environment.
    """

    def __init__(self, binds: Sequence[Bind], environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._by_namespace = {
            f"{bind.namespace}.{variable}": key for bind in binds for variable, key in bind.keys.items()
        }
        self._by_variable = {variable: key for bind in binds for variable, key in bind.keys.items()}

    def find(self, name: str) -> Bound | None:
        """Give the binding that a name in a template means, or None where it means none.

        Args:
            name: What stands between the braces: ``X``, ``env.X`` or ``namespace.X``.
        """
        if name in self._by_namespace:
            return self._bound(self._by_namespace[name])
        if name.startswith("env."):
            return self._bound(name.removeprefix("env."))
        if name in self._by_variable:
            return self._bound(self._by_variable[name])
        return None

    def find_or_environment(self, name: str) -> Bound:
        """Give the binding of a name, or the environment variable of that name.

        For the places where only the operator has a say: authentication and
        base URIs. ``{region}`` reads ``region``, else ``REGION``.
        """
        bound = self.find(name)
        if bound is not None:
            return bound
        upper = _CAPITALS.sub("_", name).upper().strip("_")
        variable = name if name in self._environment else upper
        return self._bound(variable)

    def _bound(self, variable: str) -> Bound:
        value = self._environment.get(variable)
        return Bound(variable, None if value is None else Secret(value))


class MaskedBindings(Bindings):
    """Bindings whose every value is a mask: for showing what would be sent."""

    def _bound(self, variable: str) -> Bound:
        return Bound(variable, Secret(MASK))
