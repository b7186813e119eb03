"""Compilation of a path to a function that reads it: simple steps, then RFC 9535, then the other dialects."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable
from typing import Any

from naftiko_run.expressions.expression import MISSING
from naftiko_run.expressions.jsonpath.simple import (
    ARITHMETIC,
    Accessor,
    JsonPathError,
    accessor_of,
    is_root,
    normalize,
    parse_steps,
)

_log = logging.getLogger(__name__)

_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_SEVERAL = re.compile(r"""\[(?:\s*(?:'[^'\\]*'|"[^"\\]*")\s*,)+\s*(?:'[^'\\]*'|"[^"\\]*")\s*\]$""")
"""Several names at the end of a path."""

_JSONPATH_NG_SYNTAX = re.compile(r"`|\[[/\\]|\s[-+/|*]\s*[$@\d]")
"""Syntax that only jsonpath-ng supports: named operators, sorting and arithmetic."""


def compile_path(path: str) -> Accessor:
    """Compile a path.

    Returns:
        A function of the decoded value. A path that can match more than once
        (wildcards, filters, slices, several names, ``..``) returns the list of
        all matches; any other returns the value or ``MISSING``.

    Raises:
        ValueError: The path is invalid; the message says where, and how to fix it.
    """
    if is_root(path):
        return lambda value: value
    path = normalize(path)
    steps = parse_steps(path)
    return accessor_of(steps) if steps is not None else _compile_query(path)


def compile_members(path: str) -> Accessor | None:
    """Compile a path that ends with several names to return an object of these members, as Jayway does.

    Returns:
        The function; None for any other path.
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


def _compile_query(path: str) -> Accessor:
    # The import takes 50 ms, which simple paths do not need.
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
            # Report the error of the dialect that parsed more of the path.
            refused = fault if (fault.index or 0) >= (refused.index or 0) else refused
    if _JSONPATH_NG_SYNTAX.search(unquoted):
        try:
            return _guarded(path, _compile_with_jsonpath_ng(path))
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


def _compile_with_jsonpath_ng(path: str) -> Accessor:
    from jsonpath_ng.ext.parser import parse  # the import takes 200 ms

    try:
        with warnings.catch_warnings(category=DeprecationWarning, action="ignore"):
            parsed = parse(path)
    except Exception as fault:  # noqa: BLE001  # its operators raise other errors besides JSONPathError
        raise JsonPathError(path, str(fault)) from None
    return lambda value: [match.value for match in parsed.find(value)]


def _guarded(path: str, access: Accessor) -> Accessor:
    """Return ``MISSING``, instead of failing the call, for values on which the path fails."""
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
