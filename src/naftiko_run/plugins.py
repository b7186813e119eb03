"""Installed plugins: entry points by group and name."""

from __future__ import annotations

import sys
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

EXPOSERS: Final = "naftiko_run.exposers"
"""Entry-point group of the adapters that expose capabilities, by the ``type`` of their blocks."""

PROVIDERS: Final = "naftiko_run.providers"
"""Entry-point group of binding providers, by the URI scheme of their locations."""

FORMATS: Final = "naftiko_run.formats"
"""Entry-point group of response formats, by ``outputRawFormat``."""

AUTHENTICATIONS: Final = "naftiko_run.authentications"
"""Entry-point group of outbound authentication schemes, by ``type``."""

GUARDS: Final = "naftiko_run.guards"
"""Entry-point group of inbound authentication schemes, by ``type``."""

_GROUPS: Final = (EXPOSERS, PROVIDERS, FORMATS, AUTHENTICATIONS, GUARDS)


@cache
def installed(group: str) -> tuple[str, ...]:
    """Return the sorted names in a group."""
    return tuple(sorted({found.name for found in _all(tuple(sys.path)) if found.group == group}))


@cache
def find(group: str, name: str) -> Any:
    """Import and return the entry point with a name in a group; None if there is none."""
    for found in _all(tuple(sys.path)):
        if (found.group, found.name) == (group, name):
            return found.load()
    return None


@cache
def _all(_path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Return the entry points of all groups on a path; cached, because the lookup takes milliseconds."""
    everything = entry_points()
    return tuple(each for group in _GROUPS for each in everything.select(group=group))
