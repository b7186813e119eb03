"""What may be shown of URLs, and what a base URI is made of."""

from __future__ import annotations

import re
from typing import Final

PLACEHOLDER: Final = re.compile(r"\[(?!(?:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)(?:%[^\]]*)?\]|\{)[^\[\]]+\]|<[^<>]+>")
"""A part of a base URI that its author left for the user to fill in: ``[region]``, ``<tenant>``; not ``[::1]``."""

_ORIGIN = re.compile(r"https?://.|\{\{")


def has_origin(base_uri: str) -> bool:
    """Whether a canonical base URI begins with a host, or with a variable that may bring one."""
    return _ORIGIN.match(base_uri) is not None


def without_user(url: str) -> str:
    """Take user name and password off a URL, or off a template of one."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"
