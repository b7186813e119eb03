"""The seam to every store of secrets: a provider reads the values at one location (``binds[].location``)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What providers need to know beyond a location.

    Attributes:
        folder: The document's folder, where relative locations begin.
        environment: For a provider's own settings, such as ``VAULT_ADDR``.
        timeout: Seconds that reading a location may take; who takes longer is not waited for.
    """

    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    timeout: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a provider read.

    Attributes:
        values: Text by key; a key that is not there has no value.
        place: Where it looked, for people, where that is more precise than the location.
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

        Called once for each location whenever a document is loaded, in a thread of its own.

        Args:
            location: The URI, as the document writes it.
            keys: The keys that the document asks for; others may be given, and are passed over.
            settings: What the provider needs to know beyond it.

        Raises:
            LocationUnreadable: It cannot be reached or read. The message says
                why, in words for the operator, and holds no secret.
        """
        ...
