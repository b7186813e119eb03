"""Keys that nothing reads."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from naftiko_run.diagnostics import Pointer, Severity
from naftiko_run.document.imports.syntax import is_import
from naftiko_run.document.vocabulary import CHOICES, IMPORTABLE, SHAPES, Key, Shape
from naftiko_run.lint.document_view import Written
from naftiko_run.lint.rule import Finding, Rule


def _unknown_keys(written: Written) -> Iterator[Finding]:
    return _unknown(written.root.data, (), "document")


def _unknown(data: dict[str, Any], at: Pointer, kind: str) -> Iterator[Finding]:
    shape = shape_of(kind, data)
    for key, value in data.items():
        place = (*at, key)
        known = shape.keys.get(key)
        if known is not None:
            for member_place, member, member_kind in _objects(value, place, known):
                yield from _unknown(member, member_place, member_kind)
        elif not shape.is_open and not key.startswith("x-"):
            yield Finding(
                place, f"`{key}` is not a key of {shape.title}", _suggestion(key, shape), at_key=True
            )


def _objects(value: Any, at: Pointer, key: Key) -> Iterator[tuple[Pointer, dict[str, Any], str]]:
    """Give the objects under a key: the one that is its part, or each of its members, in a list or named map."""
    if isinstance(value, dict) and key.part and not (key.members and all(map(_is_typed, value.values()))):
        yield at, value, key.part
    elif key.members:
        pairs = (
            value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
        )
        for index, member in pairs:
            if isinstance(member, dict):
                yield (*at, index), member, key.members


def _is_typed(member: Any) -> bool:
    return isinstance(member, dict) and isinstance(member.get("type"), str)


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


_OPEN: Final = Shape("", {}, is_open=True)


def shape_of(kind: str, data: Mapping[str, Any]) -> Shape:
    """Give the shape of an object; one that may have any keys where it cannot be told.

    Args:
        kind: What stands at its place.
        data: The object; some places take several kinds.
    """
    if kind in IMPORTABLE and is_import(data, is_consumed=kind == "consumes"):
        return SHAPES["import"]
    return SHAPES.get(_exact_kind(kind, data), _OPEN)


def _exact_kind(kind: str, data: Mapping[str, Any]) -> str:
    written = data.get("type")
    type_ = written.casefold() if isinstance(written, str) else ""
    if kind == "exposes" and not type_:
        type_ = "mcp" if "tools" in data else "rest" if "resources" in data else ""
    if kind in CHOICES:
        return CHOICES[kind].kind(type_)
    if kind == "body" and "type" not in data and "data" not in data:
        return ""
    return "multipart body" if kind == "body" and type_.startswith("multipart") else kind
