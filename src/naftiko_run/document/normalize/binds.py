"""``binds``: at the root, under ``capability``, with keys as a map or as a plain list."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from naftiko_run import plugins
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.locations import scheme_of


def normalize_binds(root: Reader, capability: Reader) -> list[dict[str, Any]]:
    """Return every bind of the document, those at the root first."""
    return [*_binds(root), *_binds(capability)]


def spellings(binds: list[dict[str, Any]]) -> set[str]:
    """Return every name that a template can use for a variable of canonical binds."""
    found: set[str] = set()
    for bind in binds:
        for name in bind["keys"]:
            found |= {name, f"{bind['namespace']}.{name}"}
            if not bind["location"]:
                found.add(f"env.{name}")
    return found


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
        yield {
            "pointer": bind.at,
            "namespace": bind.text("namespace") or bind.key or "env",
            "description": bind.text("description"),
            "location": _location(bind),
            "keys": keys,
        }


def _location(bind: Reader) -> str:
    """Return a bind's location; warn of one whose provider is not installed, and ignore it."""
    location = bind.text("location")
    known = plugins.installed(plugins.PROVIDERS)
    scheme = scheme_of(location)
    if not location or scheme in known:
        return location
    close = difflib.get_close_matches(scheme, known, n=1)
    bind.report.warning(
        "provider-not-supported",
        f"nothing installed reads `{scheme}` locations (installed: {', '.join(known)}); "
        "the environment variables of these keys are read instead",
        (*bind.at, "location"),
        hint=f"did you mean `{close[0]}://`?" if close else "",
        alters_service=True,
    )
    return ""
