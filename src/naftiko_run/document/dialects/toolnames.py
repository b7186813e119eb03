"""Names of tools, as MCP takes them: one that a client refuses can cost it all tools of the server."""

from __future__ import annotations

import re
from typing import Final

from naftiko_run.document.dialects.reading import Reader

TAKEN_BY_ALL: Final = 64
"""How many characters every client takes."""

TAKEN_BY_ANY: Final = 128
"""How many characters MCP allows."""

REFUSED: Final = re.compile(r"[^A-Za-z0-9_.-]")
"""A character that MCP does not allow."""


def mended_name(name: str) -> str:
    """Give a name with hyphens for what MCP does not allow; empty where that leaves nothing to tell it by."""
    mended = REFUSED.sub("-", name)
    return mended if re.search("[A-Za-z0-9]", mended) else ""


def take_name(tool: Reader, name: str, taken: set[str]) -> str:
    """Give the name that a tool is served under, and add it to those that are taken.

    Raises:
        ValueError: No client takes it; said in the report already.
    """
    free = _unused(tool, _allowed(tool, name), taken)
    at = (*tool.at, "name") if "name" in tool.data else tool.at
    if len(free) > TAKEN_BY_ANY:
        reason = f"its name has {len(free)} characters; MCP allows {TAKEN_BY_ANY}"
        tool.report.error(
            "tool-name-too-long", f"the tool `{free[:40]}…` is left out: {reason}", at, hint="shorten it"
        )
        raise ValueError(reason)
    if len(free) > TAKEN_BY_ALL:
        tool.report.warning(
            "tool-name-long",
            f"the tool name `{free}` has {len(free)} characters; some MCP clients take {TAKEN_BY_ALL} at most",
            at,
            alters_service=True,
        )
    taken.add(free)
    return free


def _allowed(tool: Reader, name: str) -> str:
    mended = mended_name(name)
    if mended == name:
        return name
    at = (*tool.at, "name") if "name" in tool.data else tool.at
    if not mended:
        reason = "its name has nothing that MCP allows: letters, digits, `_`, `-` and `.`"
        tool.report.error("tool-name-characters", f"the tool `{name}` is left out: {reason}", at)
        raise ValueError(reason)
    tool.report.warning(
        "tool-name-characters",
        f"the tool name `{name}` has characters that MCP does not allow; the tool is called `{mended}`",
        at,
        hint=f"write `{mended}`",
        alters_service=True,
    )
    return mended


def _unused(tool: Reader, name: str, taken: set[str]) -> str:
    """Give the name, with a number where another tool of the adapter has it."""
    free = name
    number = 2
    while free in taken:
        free = f"{name}-{number}"
        number += 1
    if free != name:
        tool.report.warning(
            "duplicate-tool", f"another tool is named `{name}`; this one is called `{free}`", tool.at
        )
    return free
