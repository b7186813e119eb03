"""The interface to stores of secrets: a provider reads the values at one location (``binds[].location``)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """Settings of providers.

    Attributes:
        folder: The document's folder, which relative locations start from.
        environment: For a provider's own settings, such as ``VAULT_ADDR``.
        timeout: Timeout in seconds for reading a location; its values are missing after that.
    """

    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    timeout: float


@dataclass(frozen=True, slots=True)
class Reading:
    """The values that a provider read.

    Attributes:
        values: Text by key, without keys that have no value.
        place: The place it read, for messages, where that is more precise than the location.
    """

    values: Mapping[str, str] = field(repr=False)
    place: str = ""


class BindingProvider(Protocol):
    """A store of values.

    Plugins name a class of this shape in the entry-point group
    ``naftiko_run.providers``, under the URI scheme of the locations that it reads.
    """

    def read(self, location: str, keys: Collection[str], settings: ProviderSettings) -> Reading:
        """Read the values at one location.

        Called once for each location when a document is loaded, in a thread of its own.

        Args:
            location: The URI, as written in the document.
            keys: The keys that the document needs; others in the result are ignored.
            settings: Settings of providers.

        Raises:
            LocationUnreadable: It cannot be reached or read. The message is the reason, for the operator, and
                contains no secret.
        """
        ...
