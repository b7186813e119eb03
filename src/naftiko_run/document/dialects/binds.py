"""``binds``: at the root, under ``capability``, with keys as a map or as a plain list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from naftiko_run.document.dialects.reading import Reader


def normalise_binds(root: Reader, capability: Reader) -> list[dict[str, Any]]:
    """Give every bind of the document, the root's first."""
    return [*_binds(root), *_binds(capability)]


def _binds(owner: Reader) -> Iterator[dict[str, Any]]:
    for bind in owner.members("binds"):
        keys = bind.data.get("keys")
        if isinstance(keys, list):
            keys = {str(key): str(key) for key in keys}
        elif isinstance(keys, dict):
            keys = {name: str(name if key is None else key) for name, key in keys.items()}
        else:
            if keys is not None:
                bind.report.warning("wrong-type", "`keys` must map variables to keys", (*bind.at, "keys"))
            keys = {}
        location = bind.text("location")
        if location:
            bind.report.warning(
                "provider-not-supported",
                f"`{location}` is not read yet; the environment variables of these keys are",
                (*bind.at, "location"),
                hint=f"set {', '.join(keys.values())} in the environment" if keys else "",
            )
        yield {
            "pointer": bind.at,
            "namespace": bind.text("namespace") or bind.key or "env",
            "description": bind.text("description"),
            "location": location,
            "keys": keys,
        }
