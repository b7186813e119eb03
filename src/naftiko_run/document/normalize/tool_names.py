"""Names of tools, prompts and resources, as every big MCP client takes them.

One name that a client's model API refuses can cost that client all tools of the server. The rule here is the strictest of
theirs: Claude and OpenAI take letters, digits, ``_`` and ``-``, 64 characters at most; Gemini takes no digit or hyphen
first. What the document writes is kept beside the name that is served, and answers to calls too.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final, Literal

from naftiko_run.document.normalize.reader import Reader

MAX_LENGTH: Final = 64
"""How many characters every client takes."""

REFUSED: Final = re.compile(r"[^A-Za-z0-9_-]")
"""A character that some client refuses."""

_FIRST: Final = re.compile(r"[A-Za-z_]")
_DIGEST_SIZE: Final = 4


def digest_of(name: str) -> str:
    """Return eight characters that tell a name from others."""
    return blake2b(name.encode(errors="surrogatepass"), digest_size=_DIGEST_SIZE).hexdigest()


def served_name(name: str, kind: str = "tool") -> str:
    """Return the name that every client takes for one that the document writes; the same where that is one.

    Args:
        name: As the document writes it.
        kind: What has the name; a name without any letter or digit begins with it.
    """
    safe = REFUSED.sub("-", name)
    if not re.search("[A-Za-z0-9]", safe):
        safe = f"{kind}-{digest_of(name)}"
    if not _FIRST.match(safe):
        safe = f"_{safe}"
    if len(safe) > MAX_LENGTH:
        digest = digest_of(name)
        safe = f"{safe[: MAX_LENGTH - len(digest) - 1]}-{digest}"
    return safe


def take_name(unit: Reader, name: str, taken: set[str], kind: Literal["tool", "prompt"] = "tool") -> str:
    """Return the name that a tool or prompt is served under, and add it to those that are taken."""
    safe = served_name(name, kind)
    free, number = safe, 2
    while free in taken:
        suffix = f"-{number}"
        free = f"{safe[: MAX_LENGTH - len(suffix)]}{suffix}"
        number += 1
    taken.add(free)
    if free != name:
        _report(unit, name, safe, free, kind)
    return free


def _report(unit: Reader, name: str, safe: str, free: str, kind: str) -> None:
    """Warn of a name that is not served as it is written."""
    at = (*unit.at, "name") if "name" in unit.data else unit.at
    shown = name if len(name) <= MAX_LENGTH else f"{name[:40]}…"
    if safe == name:
        unit.report.warning(
            "duplicate-tool" if kind == "tool" else "duplicate-prompt",
            f"another {kind} is named `{name}`; this one is called `{free}`",
            unit.at,
        )
    elif len(name) > MAX_LENGTH:
        unit.report.warning(
            "tool-name-long" if kind == "tool" else "prompt-name-long",
            f"the {kind} name `{shown}` has {len(name)} characters; some MCP clients take {MAX_LENGTH} at most, "
            f"and the {kind} is called `{free}`",
            at,
            hint="choose a shorter name",
            alters_service=True,
        )
    else:
        unit.report.warning(
            "tool-name-characters" if kind == "tool" else "prompt-name-characters",
            f"the {kind} name `{shown}` is one that some MCP clients refuse; the {kind} is called `{free}`",
            at,
            hint=f"write `{free}`",
            alters_service=True,
        )
