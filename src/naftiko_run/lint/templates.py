"""The names that templates of a document speak of."""

from __future__ import annotations

import re

_ANY_BRACES = re.compile(r"\$?\{\{?\s*([^{}]+?)\s*\}?\}")


def names_in_address(text: str) -> list[str]:
    """Give the names between any braces: in base URIs and paths, ``{x}`` and ``${x}`` are variables too."""
    return _ANY_BRACES.findall(text)
