"""``required`` of tool inputs that say nothing, in documents that follow the Ikanos specification to the letter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from naftiko_run.document.source import Source


def apply_default_of_specification(canonical: dict[str, Any], source: Source) -> None:
    """Set ``required`` where the specification's default applies: true, for the inputs of tools and flows.

    Published documents leave it out and mean optional; see ``infer_inputs``. A document of the ``ikanos`` line in
    which the official schema finds nothing was written with that schema, and means its default.

    Args:
        canonical: The canonical document, changed in place.
        source: The document as written.
    """
    silent = [each for each in _inputs(canonical) if each["required"] is None and each["default"] is None]
    if not silent or not canonical["spec"].startswith("ikanos "):
        return
    from naftiko_run.document.strict import check_strict  # compiles the schema, which few documents need

    if not check_strict(source.data):
        for each in silent:
            each["required"] = True


def _inputs(canonical: dict[str, Any]) -> Iterator[dict[str, Any]]:
    tools = [tool for each in canonical["exposes"] if each["type"] == "mcp" for tool in each["tools"]]
    functions = [function for each in canonical["aggregates"] for function in each["functions"]]
    return (parameter for unit in (*tools, *functions) for parameter in unit["inputParameters"])
