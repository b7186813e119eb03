"""What is installed to extend the engine: entry points by group and name."""

from __future__ import annotations

import sys
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

EXPOSERS: Final = "naftiko_run.exposers"
"""The group of classes that expose capabilities, each under the ``type`` of the blocks that it reads."""

PROVIDERS: Final = "naftiko_run.providers"
"""The group of binding providers, each under the URI scheme of the locations that it reads."""

FORMATS: Final = "naftiko_run.formats"
"""The group of response formats, each under its ``outputRawFormat``."""

AUTHENTICATIONS: Final = "naftiko_run.authentications"
"""The group of outbound authentication schemes, each under its ``type``."""

GUARDS: Final = "naftiko_run.guards"
"""The group of inbound authentication schemes, each under its ``type``."""

_GROUPS: Final = (EXPOSERS, PROVIDERS, FORMATS, AUTHENTICATIONS, GUARDS)


@cache
def installed(group: str) -> tuple[str, ...]:
    """Give the names that a group has, sorted."""
    return tuple(sorted({found.name for found in _all(tuple(sys.path)) if found.group == group}))


@cache
def find(group: str, name: str) -> Any:
    """Give what stands under a name of a group, imported; None where nothing does."""
    for found in _all(tuple(sys.path)):
        if (found.group, found.name) == (group, name):
            return found.load()
    return None


@cache
def _all(_path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Give the entry points of all groups that are installed on a path, looked for once: it takes milliseconds."""
    everything = entry_points()
    return tuple(each for group in _GROUPS for each in everything.select(group=group))
