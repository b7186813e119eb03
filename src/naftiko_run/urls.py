"""What may be shown of URLs, and what a base URI is made of."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urljoin

PLACEHOLDER: Final = re.compile(
    r"\[(?!(?:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)(?:%[^\]]*)?\]|\{)[^\[\]]+\]"
    r"|<[^<>]+>"
    r"|(?<!\$)\$[A-Z][A-Z0-9_]+\b(?![^/]*@)"
    r"|(?:\A|(?<=//))\$[A-Za-z_]\w*(?![^/]*@)"
)
"""A part of a base URI that its author left for the user to fill in: ``[region]``, ``<tenant>``, ``$HOST``.

Neither ``[::1]`` nor a user name or password, nor ``$batch`` in a path.
"""

_NOT_A_NAME = re.compile(r"[^\w.-]+")
_ORIGIN = re.compile(r"https?://.|\{\{")


def has_origin(base_uri: str) -> bool:
    """Whether a canonical base URI begins with a host, or with a variable that may bring one."""
    return _ORIGIN.match(base_uri) is not None


def describe_placeholder(placeholder: str) -> str:
    """Return what kind of placeholder a part of a base URI is, and how to write it so that it is filled in."""
    kinds = {
        "$": "the shell-style variable",
        "[": "the placeholder in square brackets",
        "<": "the placeholder in angle brackets",
    }
    name = _NOT_A_NAME.sub("_", placeholder.strip("[]<>$ "))
    return (
        f"{kinds[placeholder[0]]} `{placeholder}`, which nothing fills in: "
        f"write `{{{{{name}}}}}` and bind `{name}` under `binds`"
    )


def strip_credentials(url: str) -> str:
    """Take user name and password off a URL, or off a template of one."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"


def resolve_reference(reference: str, url: str) -> str:
    """Return a reference that a response holds as an absolute URL without credentials.

    Args:
        reference: The reference; returned as it is where it cannot be resolved.
        url: Of the request; may hold a user name and a password.
    """
    try:
        return urljoin(strip_credentials(url), reference)
    except ValueError:  # brackets or a port that are none
        return reference
