"""Where the files are that a document names (specification: ``location``)."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote


def is_file(location: str) -> bool:
    """Whether a location names a file or folder: a ``file:`` URI, or a path without a scheme."""
    return location.startswith("file:") or "://" not in location


def scheme_of(location: str) -> str:
    """Give the URI scheme of a location, in lower case; that of a path is ``file``."""
    return "file" if is_file(location) else location.partition("://")[0].lower()


def candidates(location: str, folder: Path) -> tuple[Path, ...]:
    """Give the paths that a location may mean, the likelier first.

    Args:
        location: ``file:///absolute``, ``file:///./relative``, ``file://./relative`` or a plain path.
        folder: The folder of the document that names it.

    Returns:
        For a relative location the path below the document's folder, then the
        one below the working directory, which is the reference engine's reading.

    Raises:
        ValueError: It is a URI of another scheme.
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
    """Give the first path that a location may mean and that exists; None where none does.

    Raises:
        ValueError: It is a URI of another scheme.
    """
    return next((path for path in candidates(location, folder) if _exists(path)), None)


def require(location: str, folder: Path) -> Path:
    """Give the first path that a location may mean and that exists.

    Raises:
        ValueError: None does, and the message names each; or it is a URI of another scheme.
    """
    found = find(location, folder)
    if found is None:
        tried = " and ".join(f"`{path}`" for path in candidates(location, folder))
        raise ValueError(f"`{location}` does not exist; looked for {tried}")
    return found


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, or a folder that may not be looked into
        return False
