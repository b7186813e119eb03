"""Diagnostics as GitHub workflow commands, which annotate the lines of a pull request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from naftiko_run.diagnostics import Diagnostic, Severity

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def as_github(found: Sequence[Diagnostic]) -> str:
    """Return diagnostics as workflow commands, one per line."""
    return "".join(f"{_command(each)}\n" for each in found)


def _command(found: Diagnostic) -> str:
    properties = {"file": found.file}
    if found.line:
        properties |= {"line": str(found.line), "col": str(found.column)}
    properties["title"] = found.code
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    message = found.message + (f"\nhint: {found.hint}" if found.hint else "")
    return f"::{_COMMANDS[found.severity]} {written}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
