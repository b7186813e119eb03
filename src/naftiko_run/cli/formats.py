"""Diagnostics as data for programs: JSON, GitHub workflow commands (annotations of a pull request), SARIF 2.1.0."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from naftiko_run import _json
from naftiko_run.diagnostics import Diagnostic, Severity
from naftiko_run.lint import RULES
from naftiko_run.version import __version__


def as_json(found: Sequence[Diagnostic]) -> str:
    """Return diagnostics as a JSON array."""
    return _json.dumps([each.as_data() for each in found], indent=True).decode() + "\n"


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


_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def as_sarif(found: Sequence[Diagnostic]) -> str:
    """Return diagnostics as a SARIF log of one run, with the descriptions of the rules."""
    rules = _rules(found)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    driver = {"name": "naftiko", "semanticVersion": __version__, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, index) for each in found],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return _json.dumps(log, indent=True).decode() + "\n"


def _rules(found: Sequence[Diagnostic]) -> list[dict[str, Any]]:
    """Return every rule of the table, and an entry for each other code."""
    rules: dict[str, dict[str, Any]] = {
        rule.id: {
            "id": rule.id,
            "shortDescription": {"text": rule.description},
            "help": {"text": f"{rule.fix[0].upper()}{rule.fix[1:]}."},
            "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        }
        for rule in RULES
    }
    for each in found:
        rules.setdefault(each.code, {"id": each.code})
    return list(rules.values())


def _result(found: Diagnostic, index: Mapping[str, int]) -> dict[str, Any]:
    return {
        "ruleId": found.code,
        "ruleIndex": index[found.code],
        "level": _LEVELS[found.severity],
        "message": {"text": found.message + (f"; {found.hint}" if found.hint else "")},
        "locations": [_location(found)],
    }


def _location(found: Diagnostic) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(found.file)}}
    if found.line:
        physical["region"] = {"startLine": found.line, "startColumn": found.column}
        if found.excerpt:
            physical["region"]["snippet"] = {"text": found.excerpt}
    location: dict[str, Any] = {"physicalLocation": physical}
    if found.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": found.pointer}]
    return location


def _uri(file: str) -> str:
    """Return a file's URI: relative if its path is."""
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


FORMATS: Final[Mapping[str, Callable[[Sequence[Diagnostic]], str]]] = {
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}
"""The formats for programs, by their name for ``--format``."""
