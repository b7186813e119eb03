"""What may be shown of URLs."""

from __future__ import annotations


def without_user(url: str) -> str:
    """Take user name and password off a URL, or off a template of one."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"
