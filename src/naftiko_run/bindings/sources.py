"""Read the locations of a document in parallel, with a timeout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic

from naftiko_run import plugins
from naftiko_run.bindings.provider import BindingProvider, ProviderSettings
from naftiko_run.document.model import Bind
from naftiko_run.errors import LocationUnreadable
from naftiko_run.locations import scheme_of
from naftiko_run.secret import Secret
from naftiko_run.urls import strip_credentials


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
