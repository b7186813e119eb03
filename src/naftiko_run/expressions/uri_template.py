"""URI templates of resources (RFC 6570): ``{name}`` is one segment, ``{+name}`` any number of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from naftiko_run.expressions.path_template import Variable, parse_path

_RESERVED: Final = "+"
_MAX_LENGTH: Final = 64 * 1024
"""Maximum length of a URI that is matched."""


@dataclass(frozen=True, slots=True)
class UriTemplate:
    """A parsed template.

    Attributes:
        text: The template as in RFC 6570, with single braces.
        names: The distinct names of its variables, in order.
        specificity: Sort key: of the templates that match a URI, the lowest is the most specific.
    """

    text: str
    names: tuple[str, ...]
    specificity: tuple[int, int, int]
    _pattern: re.Pattern[str]

    def match(self, uri: str) -> dict[str, str] | None:
        """Return the decoded values of the variables in a URI; None if the URI does not match."""
        if len(uri) > _MAX_LENGTH:
            return None
        found = self._pattern.fullmatch(uri)
        if found is None:
            return None
        return {self.names[int(group[1:])]: unquote(value) for group, value in found.groupdict().items()}


@lru_cache(maxsize=1024)
def parse_uri_template(written: str) -> UriTemplate:
    """Parse a template; double braces are read as single ones."""
    parts = [each if isinstance(each, str) else _variable(each) for each in parse_path(written).parts]
    variables = [each for each in parts if not isinstance(each, str)]
    names = tuple(dict.fromkeys(name for name, _ in variables))
    literals = sum(len(each) for each in parts if isinstance(each, str))
    reserved = sum(is_reserved for _, is_reserved in variables)
    text = "".join(
        each if isinstance(each, str) else f"{{{_RESERVED if each[1] else ''}{each[0]}}}" for each in parts
    )
    return UriTemplate(text, names, (reserved, len(names), -literals), re.compile(_pattern(parts, names)))


def _variable(variable: Variable) -> tuple[str, bool]:
    """Return the name of a variable, and whether it matches slashes."""
    name = variable.name.removeprefix(_RESERVED).strip()
    return (name, True) if name and variable.name.startswith(_RESERVED) else (variable.name, False)


def _pattern(parts: list[str | tuple[str, bool]], names: tuple[str, ...]) -> str:
    """Return the pattern of a template.

    Of several variables that match slashes, all but the last end at the first occurrence of the following literal, so
    that no URI causes exponential backtracking.
    """
    written = ""
    seen: set[str] = set()
    left = sum(1 for each in parts if not isinstance(each, str) and each[1])
    at = 0
    while at < len(parts):
        part = parts[at]
        at += 1
        if isinstance(part, str):
            written += re.escape(part)
            continue
        name, is_reserved = part
        group = f"g{names.index(name)}"
        if name in seen:
            written += f"(?P={group})"
            continue
        seen.add(name)
        left -= is_reserved
        follows = parts[at] if at < len(parts) else ""
        if is_reserved and left and isinstance(follows, str) and follows:
            written += f"(?>(?P<{group}>.+?){re.escape(follows)})"
            at += 1
        else:
            written += f"(?P<{group}>{'.+' if is_reserved else '[^/]+'})"
    return written
