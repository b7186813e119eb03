"""``$this.<namespace>.<param>``: the specification's words for an input of the caller."""

from __future__ import annotations

import re
from typing import Any

_THIS = re.compile(r"\$this\.(?:[A-Za-z0-9_*-]+\.(?=[^\s.{}]))?(?=[^\s.{}])")
_WHOLE = re.compile(r"\$this\.[^\s{}]+\Z")


def read_references(value: Any) -> Any:
    """Return a value of ``with`` in which ``$this.<namespace>.x`` is ``tools.x``, in templates too."""
    if isinstance(value, str):
        return _THIS.sub("tools.", value) if "$this." in value else value
    if isinstance(value, dict):
        return {key: read_references(member) for key, member in value.items()}
    if isinstance(value, list):
        return [read_references(member) for member in value]
    return value


def read_value(value: Any) -> Any:
    """Return the ``value`` of a parameter, in which ``$this.<namespace>.x`` is the template ``{{tools.x}}``."""
    if isinstance(value, str) and _WHOLE.match(value):
        return f"{{{{{read_references(value)}}}}}"
    return read_references(value)
