"""The interface to stores of secrets: a provider reads the values at one location (``binds[].location``)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


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


def parse_json(content: str | bytes) -> Any:
    """Parse JSON with every number kept as it was written.

    Raises:
        ValueError: It is not JSON.
    """
    return json.loads(content, parse_int=str, parse_float=str, parse_constant=str)


def pick(data: Mapping[str, Any], keys: Collection[str]) -> dict[str, str]:
    """Return the values of keys as text, without keys that have none.

    Where there is no key of that name, ``a.b`` is ``b`` under ``a``.
    """
    found = {key: _text(_find(data, key)) for key in keys}
    return {key: text for key, text in found.items() if text is not None}


def _find(data: Any, key: str) -> Any:
    if not isinstance(data, Mapping):
        return None
    if key in data:
        return data[key]
    first, dot, rest = key.partition(".")
    return _find(data.get(first), rest) if dot else None


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else None
