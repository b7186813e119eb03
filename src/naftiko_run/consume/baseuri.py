"""The base URI of a ``consumes`` entry, its variables filled in: read like one that the document writes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlsplit

from naftiko_run.urls import strip_credentials

Fill = Callable[[str], str]
"""Fills in a template."""

_SCHEME = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_SCHEME_TWICE = re.compile(r"\Ahttps?://(?=(?:https?:)?//)", re.IGNORECASE)
"""The document's scheme before a host whose value brings its own, which then holds."""
_PATH: str = "/%:@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True)
class BaseUri:
    """A base URI that can be called.

    Attributes:
        url: Scheme, host and path, without trailing slash.
        shown: The same for people: a binding in its path may be a credential.
        query: What every operation sends, as its value says.
        has_slash: Whether it ends with a slash, which an operation without a path keeps.
    """

    url: str = field(repr=False)
    shown: str
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    has_slash: bool = False


def replaced_base_uri(url: str) -> BaseUri:
    """Return the base URI that the command line gives in place of the document's."""
    bare = url.rstrip("/")
    return BaseUri(bare, strip_credentials(bare), has_slash=url.endswith("/"))


def fill_base_uri(template: str, fill_host: Fill, fill_user: Fill, fill_path: Fill) -> BaseUri:
    """Fill in a base URI.

    A value with which it begins is split like a base URI in a document: it may bring a scheme, a user, a path,
    a query and a trailing slash, and have spaces around it; without a scheme it is https. A value in its path
    stays there.

    Args:
        template: The base URI, with a scheme or a variable at its beginning, and without a trailing slash.
        fill_host: Fills in the scheme and the host.
        fill_user: Fills in the user name and password, percent-encoded.
        fill_path: Fills in what follows.

    Raises:
        ValueError: It is not an http or https address.
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
        raise ValueError("is not an http or https address")
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
    """Split into what precedes the query, without trailing slash, the query, and whether there was a slash."""
    url, _, query = url.strip().partition("#")[0].partition("?")
    return url.rstrip("/"), tuple(parse_qsl(query, keep_blank_values=True)), url.endswith("/")


def _quoted(base: str) -> str:
    """Percent-encode the path of a URL, as far as it is not."""
    start = base.find("/", base.index("://") + 3)
    return base if start < 0 else base[:start] + quote(base[start:], safe=_PATH)


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_space = any(character.isspace() for character in parts.netloc)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not has_space
        )
    except ValueError:  # brackets or a port that are none
        return False
