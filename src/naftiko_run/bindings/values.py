"""Convert the data of providers to text by key."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any


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
