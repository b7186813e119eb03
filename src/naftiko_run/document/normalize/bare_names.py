"""Bound variables whose braces were forgotten: ``token: API_TOKEN`` where ``{{API_TOKEN}}`` was meant."""

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
    """Read credentials and fixed parameters that are only a bound variable's name as that variable.

    Nobody's token is called what its variable is called. Only names in
    capitals count, the form that the specification has for variables: a word
    such as ``version`` may be meant as it stands.

    Args:
        binds: The canonical ``binds``.
        consumes: The canonical ``consumes``, changed in place.
        exposes: The canonical ``exposes``, changed in place.
        report: Takes what was mended.
    """
    variables = {name for bind in binds for name in bind["keys"] if name == name.upper()}
    told: set[Pointer] = set()
    for holder, key, at in _values(consumes, exposes):
        name = holder[key]
        if not isinstance(name, str) or name not in variables:
            continue
        holder[key] = f"{{{{{name}}}}}"
        if at not in told:
            told.add(at)
            report.warning(
                "bare-variable",
                f"`{key}: {name}` is the name of a bound variable; its value is sent",
                at,
                hint=f"write `{key}: '{{{{{name}}}}}'`",
            )


def _values(
    consumes: list[dict[str, Any]], exposes: list[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], str, Pointer]]:
    """Give what holds each credential and each fixed parameter, under which key, and its place."""
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
