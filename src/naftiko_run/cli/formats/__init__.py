"""Diagnostics as data for programs: one module for each format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from naftiko_run.cli.formats.github import as_github
from naftiko_run.cli.formats.json_array import as_json
from naftiko_run.cli.formats.sarif import as_sarif
from naftiko_run.diagnostics import Diagnostic

FORMATS: Final[Mapping[str, Callable[[Sequence[Diagnostic]], str]]] = {
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}
"""The formats for programs, by their name for ``--format``."""

__all__ = ["FORMATS"]
