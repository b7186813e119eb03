"""URLs without credentials, and the parts of a base URI."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urljoin

PLACEHOLDER: Final = re.compile(
    r"\[(?!(?:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)(?:%[^\]]*)?\]|\{)[^\[\]]+\]"
    r"|<[^<>]+>"
    r"|(?<!\$)\$[A-Z][A-Z0-9_]+\b(?![^/]*@)"
    r"|(?:\A|(?<=//))\$[A-Za-z_]\w*(?![^/]*@)"
)
"""A placeholder that the author of a base URI expects the user to replace: ``[region]``, ``<tenant>``, ``$HOST``.

Does not match ``[::1]``, a user name or password, or ``$batch`` in a path.
"""

_NOT_A_NAME = re.compile(r"[^\w.-]+")
_ORIGIN = re.compile(r"https?://.|\{\{")


def has_origin(base_uri: str) -> bool:
    """Return whether a canonical base URI starts with an origin, or with a variable that may contain one."""
    return _ORIGIN.match(base_uri) is not None


def describe_placeholder(placeholder: str) -> str:
    """Return a description of a placeholder in a base URI, and how to write it as a variable."""
    kinds = {
        "$": "the shell-style variable",
        "[": "the placeholder in square brackets",
        "<": "the placeholder in angle brackets",
    }
    name = _NOT_A_NAME.sub("_", placeholder.strip("[]<>$ "))
    return (
        f"{kinds[placeholder[0]]} `{placeholder}`, which is not a variable: "
        f"write `{{{{{name}}}}}` and bind `{name}` under `binds`"
    )


def strip_credentials(url: str) -> str:
    """Return a URL, or a template of one, without user name and password."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"


def resolve_reference(reference: str, url: str) -> str:
    """Return a URI reference of a response as an absolute URL without credentials.

    Args:
        reference: The reference; returned unchanged if it cannot be resolved.
        url: The URL of the request; may contain a user name and a password.
    """
    try:
        return urljoin(strip_credentials(url), reference)
    except ValueError:  # invalid brackets or port
        return reference


def is_loopback(host: str) -> bool:
    """Return whether a name or address is loopback."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"
