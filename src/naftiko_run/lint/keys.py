"""The keys that an object of a document may have, by what the object is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from naftiko_run.document.imports.syntax import is_import
from naftiko_run.document.vocabulary import CHOICES, IMPORTABLE, SHAPES, Shape

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
