"""Bound variables without braces: ``token: API_TOKEN`` instead of ``{{API_TOKEN}}``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from naftiko_run.diagnostics import Pointer, Report


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
