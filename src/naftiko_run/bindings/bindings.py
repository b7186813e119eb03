"""Bindings: the values of ``{{env.X}}``, ``{{namespace.X}}`` and ``{{X}}`` (specification: ``binds``), and their sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Final

from naftiko_run import plugins
from naftiko_run.bindings.files import read_variables
from naftiko_run.bindings.provider import BindingProvider, ProviderSettings
from naftiko_run.document.model import Bind
from naftiko_run.errors import BoundVariable, LocationUnreadable
from naftiko_run.locations import scheme_of
from naftiko_run.secret import MASK, Secret
from naftiko_run.urls import strip_credentials

_WHITESPACE: Final = " \t\r\n"
_CAPITALS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Bound:
    """One binding, resolved.

    Attributes:
        variable: The variable that an operator sets.
        value: The value; None where it is not set.
    """

    variable: BoundVariable
    value: Secret | None


class Bindings:
    """The bindings of one document.

    Args:
        binds: The document's ``binds``, the root's first. A later one overrides
            an earlier one of the same variable.
        environment: Variables of the process.
        sources: The values that providers returned, by location; see ``read_sources``.

    Attributes:
        trimmed: Variables whose values had spaces or line breaks around them, which were removed: no credential and no
            URL has them, but files and pasted values do.
    """

    def __init__(
        self,
        binds: Sequence[Bind],
        environment: Mapping[str, str],
        sources: Mapping[str, BindingSource] | None = None,
    ) -> None:
        self._environment = environment
        self._sources = sources or {}
        self.trimmed: dict[BoundVariable, None] = {}
        self._by_namespace: dict[str, BoundVariable] = {}
        self._by_variable: dict[str, BoundVariable] = {}
        for bind in binds:
            for name, key in bind.keys.items():
                variable = BoundVariable(name, key, bind.location) if bind.location else BoundVariable(key)
                self._by_namespace[f"{bind.namespace}.{name}"] = self._by_variable[name] = variable

    def find(self, name: str) -> Bound | None:
        """Return the binding of a name in a template; None where there is none.

        Args:
            name: The text between the braces: ``X``, ``env.X`` or ``namespace.X``.
        """
        if name in self._by_namespace:
            return self._bound(self._by_namespace[name])
        if name.startswith("env."):
            return self._bound(BoundVariable(name.removeprefix("env.")))
        if name in self._by_variable:
            return self._bound(self._by_variable[name])
        return None

    def find_or_environment(self, name: str) -> Bound:
        """Return the binding of a name, else the environment variable of that name.

        This is for values that only the operator sets: authentication and base URIs. ``{region}`` is the variable
        ``region``, else ``REGION``.
        """
        bound = self.find(name)
        if bound is not None:
            return bound
        upper = _CAPITALS.sub("_", name).upper().strip("_")
        return self._bound(BoundVariable(name if name in self._environment else upper))

    def _bound(self, variable: BoundVariable) -> Bound:
        if not variable.location:
            value = self._environment.get(variable.name)
            return Bound(variable, None if value is None else Secret(self._trim(variable, value)))
        source = self._sources.get(variable.location, BindingSource())
        secret = source.values.get(variable.key)
        reason = source.reason if secret is None else "it is empty there"
        shown = replace(variable, location=strip_credentials(variable.location))
        if secret is not None:
            secret = Secret(self._trim(shown, secret.reveal()))
        return Bound(replace(shown, reason=reason), secret)

    def _trim(self, variable: BoundVariable, value: str) -> str:
        trimmed = value.strip(_WHITESPACE)
        if trimmed != value and "\n" not in trimmed:  # certificates and keys always end with a line break
            self.trimmed[variable] = None
        return trimmed


class MaskedBindings(Bindings):
    """Bindings with masks for values, to show the requests of a sandbox."""

    def _bound(self, variable: BoundVariable) -> Bound:
        return Bound(variable, Secret(MASK))


_DEFAULT_NAME = ".env"


def read_environment(
    environment: Mapping[str, str], folder: Path, files: Sequence[Path] | None
) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Return the variables of the process and of ``.env`` files; those of the process take precedence.

    Args:
        environment: The variables of the process.
        folder: The document's folder.
        files: The files to read, a later one overrides an earlier one; None for ``.env`` in the working directory
            and then beside the document.

    Returns:
        The variables, and messages about files that cannot be read.
    """
    if files is None:
        candidates = (Path(_DEFAULT_NAME), folder / _DEFAULT_NAME)
        files = [*dict.fromkeys(path.resolve() for path in candidates if path.is_file())]
    added: dict[str, str] = {}
    faults: list[str] = []
    for file in files:
        try:
            added |= read_variables(file)
        except LocationUnreadable as fault:
            faults.append(fault.message)
    return ({**added, **environment} if added else environment), tuple(faults)


@dataclass(frozen=True, slots=True)
class BindingSource:
    """The values at one location.

    Attributes:
        values: By the provider's key.
        reason: The reason why other keys have no value.
    """

    values: Mapping[str, Secret] = field(default_factory=dict)
    reason: str = ""


def read_sources(binds: Iterable[Bind], settings: ProviderSettings) -> dict[str, BindingSource]:
    """Read every location of a document's binds once.

    A location that cannot be read within the timeout has no values, and the reason.
    """
    keys: dict[str, set[str]] = {}
    for bind in binds:
        if bind.location:
            keys.setdefault(bind.location, set()).update(bind.keys.values())
    readers = [_Reader(location, wanted, settings) for location, wanted in keys.items()]
    deadline = monotonic() + settings.timeout
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(max(0.0, deadline - monotonic()))
    return {reader.location: reader.source for reader in readers}


class _Reader(Thread):
    """Reads one location; a daemon thread, so that a provider that hangs does not delay the exit of the process."""

    def __init__(self, location: str, keys: set[str], settings: ProviderSettings) -> None:
        super().__init__(daemon=True)
        self.location = location
        self.source = BindingSource(reason=f"there was no response within {settings.timeout:g} seconds")
        self._keys = keys
        self._settings = settings

    def run(self) -> None:
        """Read; only the type of an unexpected exception is reported: its message may contain a secret."""
        try:
            self.source = self._read()
        except LocationUnreadable as fault:
            self.source = BindingSource(reason=fault.message)
        except Exception as fault:  # noqa: BLE001 - a defect of a plugin must not stop the server
            self.source = BindingSource(reason=f"its provider failed ({type(fault).__name__})")

    def _read(self) -> BindingSource:
        provider: BindingProvider = plugins.find(plugins.PROVIDERS, scheme_of(self.location))()
        reading = provider.read(self.location, self._keys, self._settings)
        place = reading.place or strip_credentials(self.location)
        values = {key: Secret(reading.values[key]) for key in self._keys if key in reading.values}
        return BindingSource(values, f"{place} has no value under that key")
