"""Bindings of small documents, read through their providers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from naftiko_run.bindings import Bindings, ProviderSettings, read_sources
from naftiko_run.document.model import Bind
from naftiko_run.errors import BoundVariable


def bindings(
    location: str, folder: Path, environment: Mapping[str, str] | None = None, *keys: str, timeout: float = 10
) -> Bindings:
    """Read one bind, whose variables are the keys in capitals."""
    bind = Bind(namespace="store", location=location, keys={capitals(key): key for key in keys})
    around = dict(environment or {})
    return Bindings([bind], around, read_sources([bind], ProviderSettings(folder, around, timeout)))


def capitals(key: str) -> str:
    """Give the variable of a key."""
    return key.upper().replace("-", "_").replace(".", "_")


def read(
    location: str, folder: Path, environment: Mapping[str, str] | None = None, *keys: str
) -> dict[str, str]:
    """Give the values of keys at a location, as far as there are any."""
    found = bindings(location, folder, environment, *keys)
    bound = {key: found.find(capitals(key)) for key in keys}
    return {key: each.value.reveal() for key, each in bound.items() if each and each.value}


def missing(
    location: str, folder: Path, environment: Mapping[str, str] | None = None, key: str = "key"
) -> BoundVariable:
    """Give the variable of a key that has no value at a location."""
    bound = bindings(location, folder, environment, key).find(capitals(key))
    assert bound is not None
    assert bound.value is None
    return bound.variable
