"""Declared bindings in other braces: ``${X}`` and ``{X}`` instead of ``{{X}}``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from naftiko_run.diagnostics import Pointer, Report
from naftiko_run.document.normalize.binds import spellings

_DOLLAR = re.compile(r"\$\{\s*([^\s{}]+)\s*\}")
_BRACES = re.compile(rf"{_DOLLAR.pattern}|(?<![{{$])\{{([^\s{{}}]+)\}}(?!\}})")
_CAPITALS = re.compile(r"(?:[\w-]+\.)?[A-Z][A-Z0-9_]*\Z")


def correct_braces(consumes: list[dict[str, Any]], binds: list[dict[str, Any]], report: Report) -> None:
    """Rewrite bindings with double braces in credentials, fixed values, paths and bodies of canonical ``consumes``.

    Only names of declared bindings are rewritten: other braces are literal. In a
    body the name must be in capitals, because ``{id}`` may belong to a query
    language; in a path it must be written ``${X}`` and not be the name of a
    parameter, because ``{X}`` is a path variable.
    """
    names = spellings(binds)
    if not names:
        return
    correction = _BraceCorrection(names, report)
    in_body = _BraceCorrection({name for name in names if _CAPITALS.match(name)}, report)
    for entry in consumes:
        authentication = entry["authentication"]
        if authentication:
            authentication["settings"] = correction.corrected(
                authentication["settings"], authentication["pointer"]
            )
        for parameter in _parameters(entry, entry["resources"]):
            if parameter.get("value") is not None:
                parameter["value"] = correction.corrected(
                    parameter["value"], (*parameter["pointer"], "value")
                )
        for resource in entry["resources"]:
            taken = {parameter["name"] for parameter in _parameters(entry, [resource])}
            in_path = _BraceCorrection(names - taken, report, _DOLLAR)
            resource["path"] = in_path.corrected(resource["path"], (*resource["pointer"], "path"))
        for body in (each["body"] for each in _operations(entry["resources"]) if each["body"]):
            at = body["pointer"] if body["type"] == "raw" else (*body["pointer"], "data")
            body["data"] = in_body.corrected(body["data"], at)


def _operations(resources: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (operation for resource in resources for operation in resource["operations"])


def _parameters(entry: dict[str, Any], resources: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield from entry["inputParameters"]
    for operation in _operations(resources):
        yield from operation["inputParameters"]


@dataclass(frozen=True, slots=True)
class _BraceCorrection:
    """Rewrites bindings with double braces.

    Attributes:
        names: The names of bindings in templates.
        report: Receives a warning for each value.
        braces: Matches a possible binding, with its name as a group.
    """

    names: set[str]
    report: Report
    braces: re.Pattern[str] = _BRACES

    def corrected(self, value: Any, at: Pointer) -> Any:
        """Return a value with its bindings in double braces."""
        if isinstance(value, dict):
            return {key: self.corrected(member, (*at, key)) for key, member in value.items()}
        if isinstance(value, list):
            return [self.corrected(member, (*at, index)) for index, member in enumerate(value)]
        if not isinstance(value, str) or "{" not in value:
            return value
        found = dict.fromkeys(
            name for each in self.braces.finditer(value) if (name := _name(each)) in self.names
        )
        if not found:
            return value
        written = ", ".join(f"`{{{{{name}}}}}`" for name in found)
        self.report.warning(
            "binding-braces",
            f"a binding is written with the wrong braces; it is read as {written}",
            at,
            hint=f"write {written}",
        )
        return self.braces.sub(self._written, value)

    def _written(self, found: re.Match[str]) -> str:
        name = _name(found)
        return f"{{{{{name}}}}}" if name in self.names else found.group()


def _name(found: re.Match[str]) -> str:
    return str(found[found.lastindex or 0])
