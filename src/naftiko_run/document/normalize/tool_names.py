"""Names of tools, prompts and resources that every major MCP client accepts.

One name that a client's model API rejects can make all tools of the server unavailable. The rule here is the
intersection of theirs: Claude and OpenAI accept letters, digits, ``_`` and ``-``, at most 64 characters; Gemini
rejects a leading digit or hyphen. The name as written is kept beside the served name, and calls accept both.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final, Literal

from naftiko_run.document.normalize.reader import Reader

MAX_LENGTH: Final = 64
"""Maximum length that every client accepts."""

REFUSED: Final = re.compile(r"[^A-Za-z0-9_-]")
"""A character that some client rejects."""

_FIRST: Final = re.compile(r"[A-Za-z_]")
_DIGEST_SIZE: Final = 4


def digest_of(name: str) -> str:
    """Return eight characters that identify a name."""
    return blake2b(name.encode(errors="surrogatepass"), digest_size=_DIGEST_SIZE).hexdigest()


def served_name(name: str, kind: str = "tool") -> str:
    """Return the served name of a name as written: unchanged where every client accepts it.

    Args:
        name: As the document writes it.
        kind: The kind of object; the prefix of names without any letter or digit.
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


def take_name(function: Reader, name: str, taken: set[str], kind: Literal["tool", "prompt"] = "tool") -> str:
    """Return the served name of a tool or prompt, and add it to the used names."""
    safe = served_name(name, kind)
    free, number = safe, 2
    while free in taken:
        suffix = f"-{number}"
        free = f"{safe[: MAX_LENGTH - len(suffix)]}{suffix}"
        number += 1
    taken.add(free)
    if free != name:
        _report(function, name, safe, free, kind)
    return free


def _report(function: Reader, name: str, safe: str, free: str, kind: str) -> None:
    """Warn of a name that is not served as written."""
    at = (*function.at, "name") if "name" in function.data else function.at
    shown = name if len(name) <= MAX_LENGTH else f"{name[:40]}…"
    if safe == name:
        function.report.warning(
            "duplicate-tool" if kind == "tool" else "duplicate-prompt",
            f"another {kind} is named `{name}`; this one is called `{free}`",
            function.at,
        )
    elif len(name) > MAX_LENGTH:
        function.report.warning(
            "tool-name-long" if kind == "tool" else "prompt-name-long",
            f"the {kind} name `{shown}` has {len(name)} characters; some MCP clients accept at most {MAX_LENGTH}, "
            f"and the {kind} is called `{free}`",
            at,
            hint="choose a shorter name",
            alters_service=True,
        )
    else:
        function.report.warning(
            "tool-name-characters" if kind == "tool" else "prompt-name-characters",
            f"the {kind} name `{shown}` is rejected by some MCP clients; the {kind} is called `{free}`",
            at,
            hint=f"write `{free}`",
            alters_service=True,
        )
