"""From a path to the function that reads it: plain steps first, RFC 9535 next, then the other dialects."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable
from typing import Any

from naftiko_run.expressions.expression import MISSING
from naftiko_run.expressions.jsonpath.errors import JsonPathError
from naftiko_run.expressions.jsonpath.simple import (
    ARITHMETIC,
    Accessor,
    accessor_of,
    is_root,
    normalize,
    parse_steps,
)

_log = logging.getLogger(__name__)

_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_SEVERAL = re.compile(r"""\[(?:\s*(?:'[^'\\]*'|"[^"\\]*")\s*,)+\s*(?:'[^'\\]*'|"[^"\\]*")\s*\]$""")
"""Several names, at the end of a path."""

_OLDER = re.compile(r"`|\[[/\\]|\s[-+/|*]\s*[$@\d]")
"""What only jsonpath-ng understands: named operators, sorting, and arithmetic."""


def compile_path(path: str) -> Accessor:
    """Compile a path.

    Returns:
        A function of the decoded value. A path that can match more than once
        (wildcards, filters, slices, several names, ``..``) gives the list of
        all matches; any other gives the value or ``MISSING``.

    Raises:
        ValueError: Not a path; the message says where, and how to fix it.
    """
    if is_root(path):
        return lambda value: value
    path = normalize(path)
    steps = parse_steps(path)
    return accessor_of(steps) if steps is not None else _compile_rich(path)


def compile_members(path: str) -> Accessor | None:
    """Compile a path that ends with several names, so that it gives the object of these members, as Jayway does.

    Returns:
        None for any other path.
    """
    path = normalize(path)
    several = _SEVERAL.search(path)
    steps = parse_steps(path[: several.start()]) if several else None
    if several is None or steps is None:
        return None
    names = [quoted.group()[1:-1] for quoted in _QUOTED.finditer(several.group())]
    read = accessor_of(steps)

    def access(value: Any) -> Any:
        found = read(value)
        return {name: found[name] for name in names if name in found} if isinstance(found, dict) else MISSING

    return access


def _compile_rich(path: str) -> Accessor:
    # A twentieth of a second that plain paths do not need.
    from naftiko_run.expressions.jsonpath.rfc9535 import compile_query, parse

    try:
        return _guarded(path, compile_query(parse(path)))
    except JsonPathError as fault:
        refused = fault
    unquoted = _QUOTED.sub("''", path)
    if not ARITHMETIC.search(unquoted):
        try:
            return _guarded(path, _compile_stages(path))
        except JsonPathError as fault:
            # The dialect that understands more of it is the one that was meant.
            refused = fault if (fault.index or 0) >= (refused.index or 0) else refused
    if _OLDER.search(unquoted):
        try:
            return _guarded(path, _compile_older(path))
        except JsonPathError as fault:
            refused = fault if "`" in path else refused
    raise refused


def _compile_stages(path: str) -> Accessor:
    from naftiko_run.expressions.jsonpath.functions import PATH_FUNCTIONS
    from naftiko_run.expressions.jsonpath.jayway import translate
    from naftiko_run.expressions.jsonpath.rfc9535 import compile_query, parse

    stages: list[Callable[[Any], Any]] = []
    for stage in translate(path):
        if stage.function:
            stages.append(PATH_FUNCTIONS[stage.function])
            continue
        try:
            stages.append(compile_query(parse(stage.text)))
        except JsonPathError as fault:
            place = None if fault.index is None else stage.original_index(fault.index)
            raise JsonPathError(path, fault.reason, place, fault.hint) from None

    def access(value: Any) -> Any:
        for stage in stages:
            value = stage(value)
            if value is MISSING:
                return MISSING
        return value

    return access


def _compile_older(path: str) -> Accessor:
    from jsonpath_ng.ext.parser import parse  # a fifth of a second

    try:
        with warnings.catch_warnings(category=DeprecationWarning, action="ignore"):
            parsed = parse(path)
    except Exception as fault:  # noqa: BLE001  # its operators raise their own kinds beside JSONPathError
        raise JsonPathError(path, str(fault)) from None
    return lambda value: [match.value for match in parsed.find(value)]


def _guarded(path: str, access: Accessor) -> Accessor:
    """Read nothing of a value that a path is not made for, instead of failing the call."""
    is_reported = False

    def guarded(value: Any) -> Any:
        nonlocal is_reported
        try:
            return access(value)
        except Exception as fault:  # noqa: BLE001  # jsonpath-ng's operators raise anything
            if not is_reported:
                is_reported = True
                _log.warning("`%s` could not be read from a response: %s", path, type(fault).__name__)
            return MISSING

    return guarded
