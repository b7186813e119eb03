"""Simple paths (names, indexes, wildcards and ``length``) as a short list of steps, and the error for invalid paths.

Besides RFC 9535, documents use ``$.`` and ``@`` for the root, ``$.list.length``
and ``length()``, unquoted names with hyphens or spaces, and paths without ``$``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from naftiko_run.expressions.expression import MISSING, Missing

Accessor = Callable[[Any], Any]
"""Reads a value from decoded JSON; returns ``MISSING`` if the path has no match."""

NAME = r"""[^\s.\[\]*?()'",`](?:[^.\[\]*?()'",`\x00-\x1f]*[^\s.\[\]*?()'",`])?+"""
"""An unquoted name after a dot."""

_STEP = re.compile(
    rf"""
    [ \t\n\r]*
    (?:
      \.?\[[ \t\n\r]*(?P<quote>['"])                          # ['name']
        (?P<quoted>(?:(?!(?P=quote))[^\\\x00-\x1f])*)
        (?P=quote)[ \t\n\r]*\]
    | \.?\[[ \t\n\r]*(?P<index>0|-?[1-9][0-9]{{0,14}})[ \t\n\r]*\]  # [0]
    | \.?\[[ \t\n\r]*\*[ \t\n\r]*\] | \.\*                    # [*] .*
    | \.(?P<length>length\(\))                                # .length()
    | \.(?P<name>{NAME})(?![ ]*\()                            # .name
    )
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"\w")
ARITHMETIC = re.compile(r"\s[-+/|]\s*\$")
"""jsonpath-ng's operators between two paths, which would otherwise match as part of an unquoted name."""


class _Wildcard:
    """Every element of a list, or every value of an object."""


class _Length:
    """``length``: the member of that name, or else the number of elements."""


_WILDCARD = _Wildcard()
_LENGTH = _Length()
Step = str | int | _Wildcard | _Length


def is_root(path: str) -> bool:
    """Return whether a path selects the whole value: ``$``, ``$.``, ``@`` or empty."""
    return path.strip() in ("", "$", "$.", "@", "@.")


def split_first_name(path: str) -> tuple[str, str] | None:
    """Split ``$.name.rest`` into ``name`` and ``$.rest``; None if the path does not begin with a name."""
    path = normalize(path)
    match = _STEP.match(path, 1)
    step = _step(match) if match else None
    if match is None or not isinstance(step, str):
        return None
    return step, "$" + path[match.end() :]


def build_path(names: Sequence[str], path: str = "$") -> str:
    """Return a path of names, followed by another path."""
    written = "".join(f"[{json.dumps(name, ensure_ascii=False)}]" for name in names)
    return f"${written}{'' if is_root(path) else normalize(path)[1:]}"


def normalize(path: str) -> str:
    """Return the path starting with ``$``, without the trailing dot that some documents write."""
    path = path.strip()
    if path.startswith(("@.", "@[")):
        path = f"${path[1:]}"
    if path.startswith("$"):
        return path if path.endswith("..") else path.removesuffix(".")
    return f"${path}" if path.startswith(("[", ".")) else f"$.{path}"


def parse_steps(path: str) -> list[Step] | None:
    """Return the steps of a normalized path; None if it is not simple."""
    if ARITHMETIC.search(path):
        return None
    steps: list[Step] = []
    at = 1
    while at < len(path):
        found = _STEP.match(path, at)
        step = None if found is None else _step(found)
        if found is None or step is None:
            return None
        at = found.end()
        steps.append(step)
    return steps


class NamedText(str):
    """Text that can also be read under a name."""

    __slots__ = ("_name",)
    _name: str

    @classmethod
    def of(cls, text: str, name: str) -> NamedText:
        """Return a text with a name."""
        named = cls(text)
        named._name = name
        return named

    def under(self, name: str) -> str | Missing:
        """Return the text for its own name."""
        return str(self) if name == self._name else MISSING


def accessor_of(steps: Sequence[Step]) -> Accessor:
    """Return a function that follows steps; it returns a list of matches if one is a wildcard."""
    if any(step is _WILDCARD for step in steps):
        return _many(steps)
    names = [step for step in steps if isinstance(step, str)]
    return _named(names) if len(names) == len(steps) else _single(steps)


def _step(found: re.Match[str]) -> Step | None:
    if found["quote"] is not None:
        return found["quoted"]
    if found["index"] is not None:
        return int(found["index"])
    if found["length"] is not None or (found["name"] == "length" and found.end() == len(found.string)):
        return _LENGTH
    if found["name"] is None:
        return _WILDCARD
    return found["name"] if _WORD.search(found["name"]) else None


def _step_into(value: Any, step: Step) -> Any:
    if isinstance(step, str):
        if isinstance(value, NamedText):
            return value.under(step)
        return value.get(step, MISSING) if isinstance(value, dict) else MISSING
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and -len(value) <= step < len(value) else MISSING
    if isinstance(value, dict) and "length" in value:
        return value["length"]
    return len(value) if isinstance(value, list | dict | str) else MISSING


def _named(names: Sequence[str]) -> Accessor:
    def access(value: Any) -> Any:
        for name in names:
            if isinstance(value, dict):
                value = value.get(name, MISSING)
            elif isinstance(value, NamedText):
                value = value.under(name)
            else:
                return MISSING
        return value

    return access


def _single(steps: Sequence[Step]) -> Accessor:
    def access(value: Any) -> Any:
        for step in steps:
            value = _step_into(value, step)
            if value is MISSING:
                return MISSING
        return value

    return access


def _many(steps: Sequence[Step]) -> Accessor:
    def access(value: Any) -> Any:
        found = [value]
        for step in steps:
            if step is _LENGTH:
                if found and isinstance(found[0], dict) and "length" in found[0]:
                    found = [each["length"] for each in found if isinstance(each, dict) and "length" in each]
                else:
                    return len(found)
            elif step is _WILDCARD:
                found = [inner for each in found for inner in members(each)]
            else:
                found = [inner for each in found if (inner := _step_into(each, step)) is not MISSING]
        return found

    return access


def members(value: Any) -> list[Any]:
    """Return the elements of a list or the values of an object; nothing for a scalar."""
    if isinstance(value, list):
        return value
    return list(value.values()) if isinstance(value, dict) else []


class JsonPathError(ValueError):
    """A path is invalid.

    Attributes:
        reason: What is wrong.
        index: The position in the path, from 0; None if unknown.
        hint: How to fix it; empty if unknown.
    """

    def __init__(self, path: str, reason: str, index: int | None = None, hint: str = "") -> None:
        where = "" if index is None else f" at character {min(index, len(path)) + 1}"
        super().__init__(f"`{path}` is not a JSONPath: {reason}{where}{f' ({hint})' if hint else ''}")
        self.reason = reason
        self.index = index
        self.hint = hint
