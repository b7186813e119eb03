"""Media types of files, by file name."""

from __future__ import annotations

from mimetypes import MimeTypes
from typing import Final

_TYPES: Final = MimeTypes()
"""The table of Python, without that of the operating system: the same on every machine."""

for _suffix, _type in {
    ".js": "text/javascript",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".toml": "application/toml",
    ".ts": "text/x-typescript",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}.items():
    _TYPES.add_type(_type, _suffix)


def media_type_of(name: str) -> str:
    """Return the media type of a file by its name; ``application/octet-stream`` where it is unknown."""
    return _TYPES.guess_type(name)[0] or "application/octet-stream"
