"""``binds`` in every form, and references to declared bindings without braces or in other ones."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from naftiko_run import plugins
from naftiko_run.diagnostics import Pointer, Report
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


def brace_bare_names(
    binds: list[dict[str, Any]],
    consumes: list[dict[str, Any]],
    exposes: list[dict[str, Any]],
    report: Report,
) -> None:
    """Replace credentials and fixed parameters that are the name of a bound variable by that variable.

    A credential is never equal to the name of its variable. Only names in
    capitals count, the official form of variables: a word such as ``version``
    may be a literal.

    Args:
        binds: The canonical ``binds``.
        consumes: The canonical ``consumes``, changed in place.
        exposes: The canonical ``exposes``, changed in place.
        report: Receives the warnings.
    """
    variables = {name for bind in binds for name in bind["keys"] if name == name.upper()}
    reported: set[Pointer] = set()
    for holder, key, at in _values(consumes, exposes):
        name = holder[key]
        if not isinstance(name, str) or name not in variables:
            continue
        holder[key] = f"{{{{{name}}}}}"
        if at not in reported:
            reported.add(at)
            report.warning(
                "bare-variable",
                f"`{key}: {name}` is the name of a bound variable; its value is sent",
                at,
                hint=f"write `{key}: '{{{{{name}}}}}'`",
            )


def _values(
    consumes: list[dict[str, Any]], exposes: list[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], str, Pointer]]:
    """Yield the owner, the key and the place of each credential and each fixed parameter."""
    for entry in (*consumes, *exposes):
        block = entry.get("authentication")
        if block:
            settings: dict[str, Any] = block["settings"]
            yield from ((settings, key, (*block["pointer"], key)) for key in settings)
            yield from ((each, "value", block["pointer"]) for each in settings.get("keys", ()))
    for entry in consumes:
        operations = [each for resource in entry["resources"] for each in resource["operations"]]
        for owner in (entry, *operations):
            for parameter in owner["inputParameters"]:
                yield parameter, "value", (*parameter["pointer"], "value")
