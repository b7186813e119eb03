"""Keys that nothing reads."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, Final

from naftiko_run.diagnostics import Pointer, Severity
from naftiko_run.lint.keys import Shape, shape_of
from naftiko_run.lint.rule import Finding, Rule
from naftiko_run.lint.written import Written


def _unknown_keys(written: Written) -> Iterator[Finding]:
    return _unknown(written.root.data, (), "document")


def _unknown(data: dict[str, Any], at: Pointer, kind: str) -> Iterator[Finding]:
    shape = shape_of(kind, data)
    for key, value in data.items():
        place = (*at, key)
        if key in shape.parts:
            if isinstance(value, dict):
                yield from _unknown(value, place, shape.parts[key])
        elif key in shape.members:
            for member_place, member in _members(value, place):
                yield from _unknown(member, member_place, shape.members[key])
        elif not shape.is_open and key not in shape.keys and not key.startswith("x-"):
            yield Finding(
                place, f"`{key}` is not a key of {shape.title}", _suggestion(key, shape), at_key=True
            )


def _members(value: Any, at: Pointer) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """Give the objects of a list or named map; ``items`` and ``values`` may also be one object."""
    if at[-1] in ("items", "values") and isinstance(value, dict) and isinstance(value.get("type"), str):
        yield at, value
        return
    pairs = value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    for key, member in pairs:
        if isinstance(member, dict):
            yield (*at, key), member


def _suggestion(key: str, shape: Shape) -> str:
    same = (known for known in sorted(shape.keys) if known.casefold() == key.casefold())
    similar = difflib.get_close_matches(key, sorted(shape.keys), n=1, cutoff=0.72)
    close = next(same, None) or next(iter(similar), None)
    return f"did you mean `{close}`?" if close else f"remove it, or name it `x-{key}` if it is your own"


RULES: Final = (
    Rule(
        "unknown-key",
        Severity.WARNING,
        "Every key is one that the specification defines or this runtime reads; your own begin with `x-`.",
        "correct the name, or remove the key: nothing reads it",
        _unknown_keys,
    ),
)
