"""Render a skill as ``SKILL.md`` in the Agent Skills format: front matter, then the usage of each tool."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from naftiko_run import _json
from naftiko_run.expose.skill.offer import Offer, OfferedTool
from naftiko_run.invoke import Function, Input


def skill_file(offer: Offer) -> str:
    """Render the ``SKILL.md`` of a skill that has none."""
    head = yaml.safe_dump(offer.front_matter(), sort_keys=False, allow_unicode=True, width=1_000_000)
    blocks = [f"---\n{head}---", f"# {offer.skill.name}", offer.description.strip()]
    if offer.tools:
        blocks += ["## Tools", *(block for tool in offer.tools for block in _render_tool(tool))]
    return "\n\n".join(blocks) + "\n"


def _render_tool(tool: OfferedTool) -> Iterator[str]:
    yield f"### {tool.model.name}"
    if tool.description:
        yield tool.description.strip()
    source = tool.model.source
    if source is None:
        file = tool.model.instruction
        yield f"Read [{file}](<{file}>) and follow its instructions."
        return
    assert tool.function is not None
    if source.mode == "mcp":
        yield f"Call the tool `{source.title}` of the MCP server `{source.source_namespace}`."
    else:
        yield f"Send `{source.title}` to the REST API `{source.source_namespace}`."
    yield _render_inputs(tool.function, with_places=source.mode == "rest")


def _render_inputs(function: Function, *, with_places: bool) -> str:
    if not function.inputs:
        return "It takes no inputs."
    return "\n".join(
        ["Inputs:", "", *(_render_input(each, with_place=with_places) for each in function.inputs)]
    )


def _render_input(declared: Input, *, with_place: bool) -> str:
    facts = [declared.type or "any"]
    if with_place and declared.location:
        facts.append(f"in {declared.location}")
    if declared.required:
        facts.append("required")
    facts += [
        f"{word} {_render_json(declared.schema[key])}"
        for key, word in _KEYWORDS.items()
        if key in declared.schema
    ]
    description = " ".join(str(declared.schema.get("description", "")).split())
    return f"- `{declared.name}` ({', '.join(facts)})" + (f": {description}" if description else "")


_KEYWORDS = {"enum": "one of", "default": "by default"}
"""The schema keywords that are rendered for an input, and their wording."""


def _render_json(value: Any) -> str:
    values = value if isinstance(value, list) else [value]
    return " or ".join(f"`{_json.dumps(each).decode()}`" for each in values)
