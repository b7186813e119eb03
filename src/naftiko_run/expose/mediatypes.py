"""What kind of content a file has, by its name."""

from __future__ import annotations

from mimetypes import MimeTypes
from typing import Final

_TYPES: Final = MimeTypes()
"""Python's own table, and not the machine's: the same everywhere."""

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
    """Return the media type of a file by its name; that of any bytes where the name does not tell."""
    return _TYPES.guess_type(name)[0] or "application/octet-stream"
