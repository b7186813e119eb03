"""Diagnostics as a JSON array: an object for each, with every field."""

from __future__ import annotations

from collections.abc import Sequence

from naftiko_run import _json
from naftiko_run.diagnostics import Diagnostic


def as_json(found: Sequence[Diagnostic]) -> str:
    """Return diagnostics as a JSON array."""
    return _json.dumps([each.as_data() for each in found], indent=True).decode() + "\n"
