"""Resolution of the file locations that a document names (specification: ``location``)."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote


def is_file(location: str) -> bool:
    """Return whether a location names a file or folder: a ``file:`` URI, or a path without a scheme."""
    return location.startswith("file:") or "://" not in location


def scheme_of(location: str) -> str:
    """Return the URI scheme of a location in lower case; ``file`` for a path."""
    return "file" if is_file(location) else location.partition("://")[0].lower()


def candidates(location: str, folder: Path) -> tuple[Path, ...]:
    """Return the paths that a location may refer to, the most likely first.

    Args:
        location: ``file:///absolute``, ``file:///./relative``, ``file://./relative`` or a plain path.
        folder: The folder of the document that contains it.

    Returns:
        For a relative location, the path relative to the document's folder, then the
        path relative to the working directory, which the reference engine uses.

    Raises:
        ValueError: The location is a URI with another scheme.
    """
    if not is_file(location):
        raise ValueError(f"`{location}` is not the location of a file")
    path = location
    if location.startswith("file:"):
        path = unquote(location.removeprefix("file:"))
        path = path.removeprefix("//")
        if path.startswith(("/./", "/../")):
            path = path[1:]
    written = Path(path)
    if written.is_absolute():
        return (written,)
    below = folder / written
    here = Path.cwd() / written
    return (below,) if below.absolute() == here else (below, here)


def find(location: str, folder: Path) -> Path | None:
    """Return the first existing path of a location; None if none exists.

    Raises:
        ValueError: The location is a URI with another scheme.
    """
    return next((path for path in candidates(location, folder) if _exists(path)), None)


def require(location: str, folder: Path) -> Path:
    """Return the first existing path of a location.

    Raises:
        ValueError: No path exists, and the message names each; or the location is a URI with another scheme.
    """
    found = find(location, folder)
    if found is None:
        tried = " and ".join(f"`{path}`" for path in candidates(location, folder))
        raise ValueError(f"`{location}` does not exist; looked for {tried}")
    return found


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # the name is too long, or a folder is not readable
        return False
