"""Parsing of routes with a static query, or with a fragment that selects a query parameter or header."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Literal
from urllib.parse import unquote, unquote_plus

from naftiko_run.expressions.path_template import parse_path

_BRACES = re.compile(r"\{[^{}]*\}")
_QUERY_TEMPLATE = re.compile(r"\{[?&]([^{}]+)\}")


@dataclass(frozen=True, slots=True, order=True)
class Selector:
    """A query parameter or header that a request must have with exactly this value.

    Attributes:
        place: Whether it is in the query or a header.
        name: The name of the parameter, or of the header in lower case.
        value: Its value; empty if the route contains only a name.
    """

    place: Literal["query", "header"]
    name: str
    value: str

    def __str__(self) -> str:
        if self.place == "header":
            return f"the header `{self.name}: {self.value}`"
        return f"`?{self.name}={self.value}`" if self.value else f"`?{self.name}`"


@dataclass(frozen=True, slots=True)
class RoutePattern:
    """A parsed route.

    Attributes:
        text: The route as a client should request it: without the parts that select nothing, and with a fragment
            that selects a query parameter as a query.
        path: The path, without query and fragment.
        selectors: The query parameters and headers that a request must have, in the order written.
        undecided: The parts of the query and fragment that select nothing, as written.
    """

    text: str
    path: str
    selectors: tuple[Selector, ...] = ()
    undecided: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def parse_route(text: str) -> RoutePattern:
    """Parse a route such as ``/v1/?Action=RunInstances`` or ``/#X-Amz-Target=Service.Operation``.

    A fragment is never sent to a server: ``#Action=x`` means the query parameter, ``#X-Amz-Target=x`` the header.
    A value with a variable selects nothing.
    """
    path, query, fragment = split_url_path(split_query_template(text)[0])
    selectors: dict[Selector, str] = {}
    undecided: list[str] = []
    marked = (("?", each) for each in query.split("&")), (("#", each) for each in fragment.split("&"))
    for mark, part in chain(*marked):
        name, _, value = part.partition("=")
        if not part:
            continue
        if parse_path(part).variables or (mark == "#" and not value):
            undecided.append(mark + part)
        elif mark == "#" and name.casefold().startswith("x-"):
            selectors[Selector("header", unquote(name).lower(), unquote_plus(value))] = part
        else:
            selectors[Selector("query", unquote_plus(name), unquote_plus(value))] = part
    queries = "&".join(part for each, part in selectors.items() if each.place == "query")
    headers = "&".join(part for each, part in selectors.items() if each.place == "header")
    text = path + (f"?{queries}" if queries else "") + (f"#{headers}" if headers else "")
    return RoutePattern(text, path, tuple(selectors), tuple(undecided))


def split_url_path(text: str) -> tuple[str, str, str]:
    """Split a URL path into path, query and fragment; delimiters inside the braces of a variable are ignored."""
    masked = _BRACES.sub(lambda found: "x" * len(found.group()), text)
    hash_at = masked.find("#") if "#" in masked else len(text)
    mark_at = masked.find("?", 0, hash_at) if "?" in masked[:hash_at] else hash_at
    return text[:mark_at], text[mark_at + 1 : hash_at], text[hash_at + 1 :]


def split_query_template(text: str) -> tuple[str, tuple[str, ...]]:
    """Split the query variables of a URI template (RFC 6570: ``{?limit,offset}``, ``{&page}``) off a path.

    Returns:
        The path without them, and their names.
    """
    names = [name.strip().rstrip("*") for found in _QUERY_TEMPLATE.findall(text) for name in found.split(",")]
    return _QUERY_TEMPLATE.sub("", text), tuple(dict.fromkeys(filter(None, names)))
