"""Script files: found below their location, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from naftiko_run import locations
from naftiko_run.invoke.scripting.program import ScriptRefused, ScriptSource

MAX_SCRIPT_SIZE: Final = 1024 * 1024
"""Bytes that a script file may have."""

_SEGMENT: Final = re.compile(r"[a-zA-Z0-9._-]+")


def resolve_location(location: str, folder: Path) -> Path:
    """Give the real folder that a location names.

    Args:
        location: As the document writes it.
        folder: The document's folder.

    Raises:
        ScriptRefused: There is no such folder.
    """
    try:
        found = locations.find(location, folder)
    except ValueError as fault:
        raise ScriptRefused(str(fault), "write `file:///` and the folder of the scripts") from None
    if found is None or not found.is_dir():
        raise ScriptRefused(
            f"there is no folder `{location}`",
            "a path that begins `file:///./` is relative to the document",
        )
    return found.resolve()


def read_script(root: Path, name: str) -> ScriptSource:
    """Read a script.

    Args:
        root: The real folder that it must be in.
        name: Its path below, segments of letters, digits, ``.``, ``_`` and ``-``.

    Raises:
        ScriptRefused: It is elsewhere, is not there, or is no text.
    """
    segments = name.split("/")
    if not all(_SEGMENT.fullmatch(each) and each.strip(".") for each in segments):
        raise ScriptRefused(
            f"`{name}` is not a path below the scripts' location",
            "use segments of letters, digits, `.`, `_` and `-`, parted by `/`",
        )
    path = root.joinpath(*segments).resolve()
    if not path.is_relative_to(root):
        raise ScriptRefused(f"`{name}` leads out of the scripts' location", "move the file below it")
    if not path.is_file():
        raise ScriptRefused(f"there is no script `{name}` in the scripts' location")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SCRIPT_SIZE + 1)
    except OSError as fault:
        raise ScriptRefused(f"`{name}` cannot be read: {fault.strerror}") from None
    if len(content) > MAX_SCRIPT_SIZE:
        raise ScriptRefused(f"`{name}` has more than {MAX_SCRIPT_SIZE // 1024} KiB")
    try:
        return ScriptSource(name, content.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError:
        raise ScriptRefused(f"`{name}` is not UTF-8 text") from None
