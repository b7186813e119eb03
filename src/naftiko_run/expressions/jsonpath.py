"""JSONPath, compiled once.

Plain paths (names, indexes, wildcards, ``length``) become a short list of
steps; anything richer goes to jsonpath-ng. Beside RFC 9535, documents write
``$.`` for the root, ``$.list.length`` and ``length()``, unquoted names with
hyphens or spaces, and paths without ``$``: all are understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from naftiko_run.expressions.expression import MISSING

Accessor = Callable[[Any], Any]
"""Reads a value out of decoded JSON; gives ``MISSING`` where the path leads nowhere."""

_STEP = re.compile(
    r"""
      \.?\[\s*(?P<quote>['"])                                # ['name']
        (?P<quoted>(?:\\.|(?!(?P=quote))[^\\])*)
        (?P=quote)\s*\]
    | \.?\[\s*(?P<index>-?\d+)\s*\]                           # [0]
    | \.?\[\s*\*\s*\] | \.\*                                  # [*] .*
    | \.(?P<length>length\(\))                                # .length()
    | \.(?P<name>[^.\[\]*?()'",]+)                            # .name
    """,
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)")


class _Wildcard:
    """Every element of a list, or every value of an object."""


class _Length:
    """``length``: a member of that name, or else how many there are."""


_WILDCARD = _Wildcard()
_LENGTH = _Length()
_Step = str | int | _Wildcard | _Length


def is_root(path: str) -> bool:
    """Whether a path names the whole value: ``$``, ``$.`` or nothing."""
    return path.strip() in ("", "$", "$.")


def first_name(path: str) -> tuple[str, str] | None:
    """Split ``$.name.rest`` into ``name`` and ``$.rest``; None where the path does not begin with a name."""
    path = _normal(path)
    match = _STEP.match(path, 1)
    step = _step(match) if match else None
    if match is None or not isinstance(step, str):
        return None
    return step, "$" + path[match.end() :]


def compile_path(path: str) -> Accessor:
    """Compile a path.

    Returns:
        A function of the decoded value. A path with wildcards, filters,
        slices or ``..`` gives a list of all matches; any other gives the value
        or ``MISSING``.

    Raises:
        ValueError: Not a path.
    """
    if is_root(path):
        return lambda value: value
    steps = _plain_steps(_normal(path))
    if steps is None:
        return _compile_rich(_normal(path))
    if any(step is _WILDCARD for step in steps):
        return _many(steps)
    names = [step for step in steps if isinstance(step, str)]
    return _named(names) if len(names) == len(steps) else _single(steps)


def _normal(path: str) -> str:
    path = path.strip()
    if path.startswith("$"):
        return path.removesuffix(".")
    return f"${path}" if path.startswith(("[", ".")) else f"$.{path}"


def _plain_steps(path: str) -> list[_Step] | None:
    steps: list[_Step] = []
    at = 1
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            return None
        at = found.end()
        steps.append(_step(found))
    return steps


def _step(found: re.Match[str]) -> _Step:
    if found["quote"] is not None:
        return _ESCAPED.sub(r"\1", found["quoted"])
    if found["index"] is not None:
        return int(found["index"])
    if found["length"] is not None or (found["name"] == "length" and found.end() == len(found.string)):
        return _LENGTH
    return found["name"].strip() if found["name"] is not None else _WILDCARD


def _step_into(value: Any, step: _Step) -> Any:
    if isinstance(step, str):
        return value.get(step, MISSING) if isinstance(value, dict) else MISSING
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and -len(value) <= step < len(value) else MISSING
    if isinstance(value, dict) and "length" in value:
        return value["length"]
    return len(value) if isinstance(value, list | dict | str) else MISSING


def _named(names: list[str]) -> Accessor:
    def access(value: Any) -> Any:
        for name in names:
            if not isinstance(value, dict):
                return MISSING
            value = value.get(name, MISSING)
        return value

    return access


def _single(steps: list[_Step]) -> Accessor:
    def access(value: Any) -> Any:
        for step in steps:
            value = _step_into(value, step)
            if value is MISSING:
                return MISSING
        return value

    return access


def _many(steps: list[_Step]) -> Accessor:
    def access(value: Any) -> Any:
        found = [value]
        for step in steps:
            if step is _LENGTH:
                if found and isinstance(found[0], dict) and "length" in found[0]:
                    found = [each["length"] for each in found if isinstance(each, dict) and "length" in each]
                else:
                    return len(found)
            elif step is _WILDCARD:
                found = [inner for each in found for inner in _members(each)]
            else:
                found = [inner for each in found if (inner := _step_into(each, step)) is not MISSING]
        return found

    return access


def _members(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return list(value.values()) if isinstance(value, dict) else []


def _compile_rich(path: str) -> Accessor:
    from jsonpath_ng.ext.parser import parse  # a fifth of a second that plain paths do not need

    try:
        parsed = parse(path)
    except Exception as fault:  # noqa: BLE001  # its operators raise their own kinds beside JSONPathError
        raise ValueError(f"`{path}` is not a JSONPath: {fault}") from None

    def access(value: Any) -> Any:
        try:
            return [match.value for match in parsed.find(value)]
        except Exception:  # noqa: BLE001  # operators on values that they do not foresee raise anything
            return MISSING

    return access
