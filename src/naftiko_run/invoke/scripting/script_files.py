"""Reading of script files, which must be inside their location."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from naftiko_run import locations
from naftiko_run.invoke.scripting.program import ScriptRefused, ScriptSource

MAX_SCRIPT_SIZE: Final = 1024 * 1024
"""Maximum size of a script file, in bytes."""

_SEGMENT: Final = re.compile(r"[a-zA-Z0-9._-]+")


def resolve_location(location: str, folder: Path) -> Path:
    """Return the resolved folder of a location.

    Args:
        location: The location as the document writes it.
        folder: The document's folder.

    Raises:
        ScriptRefused: The folder does not exist.
    """
    try:
        found = locations.find(location, folder)
    except ValueError as fault:
        raise ScriptRefused(str(fault), "write `file:///` and the path of the scripts' folder") from None
    if found is None or not found.is_dir():
        raise ScriptRefused(
            f"there is no folder `{location}`",
            "a path that begins with `file:///./` is relative to the document",
        )
    return found.resolve()


def read_script(root: Path, name: str) -> ScriptSource:
    """Read a script.

    Args:
        root: The resolved folder that must contain it.
        name: Its relative path: segments of letters, digits, ``.``, ``_`` and ``-``.

    Raises:
        ScriptRefused: The script is outside the folder, does not exist, is too large, or is not UTF-8 text.
    """
    segments = name.split("/")
    if not all(_SEGMENT.fullmatch(each) and each.strip(".") for each in segments):
        raise ScriptRefused(
            f"`{name}` is not a path inside the scripts' location",
            "use segments of letters, digits, `.`, `_` and `-`, separated by `/`",
        )
    path = root.joinpath(*segments).resolve()
    if not path.is_relative_to(root):
        raise ScriptRefused(f"`{name}` leads out of the scripts' location", "move the file into it")
    if not path.is_file():
        raise ScriptRefused(f"there is no script `{name}` in the scripts' location")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SCRIPT_SIZE + 1)
    except OSError as fault:
        raise ScriptRefused(f"`{name}` cannot be read: {fault.strerror}") from None
    if len(content) > MAX_SCRIPT_SIZE:
        raise ScriptRefused(f"`{name}` is larger than {MAX_SCRIPT_SIZE // 1024} KiB")
    try:
        return ScriptSource(name, content.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError:
        raise ScriptRefused(f"`{name}` is not UTF-8 text") from None
