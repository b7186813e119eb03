"""``${X}`` and ``{X}`` where a declared binding is meant: ``{{X}}`` in other words."""

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


def mend_braces(consumes: list[dict[str, Any]], binds: list[dict[str, Any]], report: Report) -> None:
    """Write bindings with double braces in credentials, fixed values, paths and bodies of canonical ``consumes``.

    Only the name of a binding that the document declares is read so: other
    braces are the text's own. In a body it must be in capitals besides, because
    ``{id}`` may be a part of a query language; in a path it must be ``${X}`` and
    no parameter's name, because ``{X}`` is a variable of the path.
    """
    names = spellings(binds)
    if not names:
        return
    mending = _Mending(names, report)
    in_body = _Mending({name for name in names if _CAPITALS.match(name)}, report)
    for entry in consumes:
        authentication = entry["authentication"]
        if authentication:
            authentication["settings"] = mending.mended(authentication["settings"], authentication["pointer"])
        for parameter in _parameters(entry, entry["resources"]):
            if parameter.get("value") is not None:
                parameter["value"] = mending.mended(parameter["value"], (*parameter["pointer"], "value"))
        for resource in entry["resources"]:
            taken = {parameter["name"] for parameter in _parameters(entry, [resource])}
            in_path = _Mending(names - taken, report, _DOLLAR)
            resource["path"] = in_path.mended(resource["path"], (*resource["pointer"], "path"))
        for body in (each["body"] for each in _operations(entry["resources"]) if each["body"]):
            at = body["pointer"] if body["type"] == "raw" else (*body["pointer"], "data")
            body["data"] = in_body.mended(body["data"], at)


def _operations(resources: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (operation for resource in resources for operation in resource["operations"])


def _parameters(entry: dict[str, Any], resources: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield from entry["inputParameters"]
    for operation in _operations(resources):
        yield from operation["inputParameters"]


@dataclass(frozen=True, slots=True)
class _Mending:
    """Writes bindings with double braces.

    Attributes:
        names: What stands between braces for a binding.
        report: Takes a warning for each value.
        braces: Finds what may be a binding, with its name as a group.
    """

    names: set[str]
    report: Report
    braces: re.Pattern[str] = _BRACES

    def mended(self, value: Any, at: Pointer) -> Any:
        """Give a value with every binding in it between double braces."""
        if isinstance(value, dict):
            return {key: self.mended(member, (*at, key)) for key, member in value.items()}
        if isinstance(value, list):
            return [self.mended(member, (*at, index)) for index, member in enumerate(value)]
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
            f"a binding stands between other braces than it should; it is read as {written}",
            at,
            hint=f"write {written}",
        )
        return self.braces.sub(self._written, value)

    def _written(self, found: re.Match[str]) -> str:
        name = _name(found)
        return f"{{{{{name}}}}}" if name in self.names else found.group()


def _name(found: re.Match[str]) -> str:
    return str(found[found.lastindex or 0])
