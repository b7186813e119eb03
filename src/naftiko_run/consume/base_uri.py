"""Fill in the variables of the base URI of a ``consumes`` entry."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlsplit

from naftiko_run.urls import strip_credentials

Fill = Callable[[str], str]
"""Render a template."""

_SCHEME = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_SCHEME_TWICE = re.compile(r"\Ahttps?://(?=(?:https?:)?//)", re.IGNORECASE)
"""A scheme in the document before a variable whose value has a scheme too; the latter is used."""
_PATH: str = "/%:@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True)
class BaseUri:
    """A base URI that can be called.

    Attributes:
        url: Scheme, host and path, without a trailing slash.
        shown: The URL for display, without values of bindings in its path, which may be credentials.
        query: Query parameters in its value, which every operation sends.
        has_slash: Whether it ends with a slash, which is kept for an operation without a path.
    """

    url: str = field(repr=False)
    shown: str
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    has_slash: bool = False


def replaced_base_uri(url: str) -> BaseUri:
    """Return the base URI that a command-line option sets instead of the one in the document."""
    bare = url.rstrip("/")
    return BaseUri(bare, strip_credentials(bare), has_slash=url.endswith("/"))


def fill_base_uri(template: str, fill_host: Fill, fill_user: Fill, fill_path: Fill) -> BaseUri:
    """Fill in a base URI.

    A value at the beginning is parsed like a base URI in a document: it may have a scheme, user info, a path, a
    query, a trailing slash, and spaces around it; the default scheme is https. A value in the path stays in the path.

    Args:
        template: The base URI; starts with a scheme or a variable, and has no trailing slash.
        fill_host: Renders the scheme and the host.
        fill_user: Renders the user name and password, percent-encoded.
        fill_path: Renders the path.

    Raises:
        ValueError: The result is not an http or https URL.
    """
    start = template.find("/", template.index("://") + 3 if "://" in template else 0)
    authority, path = (template, "") if start < 0 else (template[:start], template[start:])
    user, at, host = authority.rpartition("@")
    filled = (fill_user(user) if at else "") + at + fill_host(host).strip()
    base, query, slash = _split(_with_scheme(filled))
    below = fill_path(path).rstrip()
    if path.startswith("/{{"):
        below = f"/{below.lstrip('/')}"
    base = _quoted(base)
    if not _is_origin(base):
        raise ValueError("is not an http or https URL")
    return BaseUri(
        base + quote(below.rstrip("/"), safe=_PATH),
        strip_credentials(base) + path,
        query,
        below.endswith("/") if path else slash,
    )


def _with_scheme(url: str) -> str:
    url = _SCHEME_TWICE.sub("", url)
    found = _SCHEME.match(url)
    if not found:
        return url if "://" in url else f"https://{url}"
    return (found.group().lower() if found.group()[0] != "/" else "https://") + url[found.end() :]


def _split(url: str) -> tuple[str, tuple[tuple[str, str], ...], bool]:
    """Return a URL without its query and trailing slash, the query, and whether there was a trailing slash."""
    url, _, query = url.strip().partition("#")[0].partition("?")
    return url.rstrip("/"), tuple(parse_qsl(query, keep_blank_values=True)), url.endswith("/")


def _quoted(base: str) -> str:
    """Percent-encode the characters of a URL's path that are not allowed in it."""
    start = base.find("/", base.index("://") + 3)
    return base if start < 0 else base[:start] + quote(base[start:], safe=_PATH)


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_space = any(character.isspace() for character in parts.netloc)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not has_space
        )
    except ValueError:  # invalid brackets or port
        return False
