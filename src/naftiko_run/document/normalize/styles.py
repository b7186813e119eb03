"""``style``, ``explode`` and ``allowReserved`` (OpenAPI) and ``collectionFormat`` (Swagger) of parameters."""

from __future__ import annotations

from typing import Any, Final

from naftiko_run.document.normalize.parameters import normalize_inputs
from naftiko_run.document.normalize.reader import Reader

STYLE_KEYS: Final = ("style", "explode", "allowReserved", "collectionFormat")

_STYLES: Final = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
"""The styles that OpenAPI defines for each location, the default first."""
_DELIMITED: Final = ("spaceDelimited", "pipeDelimited", "tabDelimited")
_COLLECTION_FORMATS: Final[dict[str, dict[str, Any]]] = {
    "csv": {"style": "", "explode": False},
    "ssv": {"style": "spaceDelimited", "explode": False},
    "tsv": {"style": "tabDelimited", "explode": False},
    "pipes": {"style": "pipeDelimited", "explode": False},
    "multi": {"style": "", "explode": True},
}
_SCALARS: Final = ("string", "number", "integer", "boolean")


def styled_inputs(owner: Reader) -> list[dict[str, Any]]:
    """Return the ``inputParameters`` of an owner with their styles; their locations must be as written."""
    inputs = normalize_inputs(owner)
    note_styles(owner, inputs)
    return inputs


def note_styles(owner: Reader, inputs: list[dict[str, Any]], body_type: str = "") -> None:
    """Set the styles of an owner's parameters, once their locations are known; warn of invalid ones and ignore them.

    Args:
        owner: The owner of the parameters, as written.
        inputs: Its canonical input parameters; ``style`` is filled in.
        body_type: The type of the operation's body; empty where there is none.
    """
    for written in owner.members("inputParameters"):
        if written.data.keys().isdisjoint(STYLE_KEYS):
            continue
        parameter = next((each for each in inputs if each["pointer"] == written.at), None)
        if parameter is None:
            continue
        style = _written_style(written)
        key, fault = _fault(parameter, style, written, body_type)
        if fault:
            written.report.warning(
                "impossible-style",
                f"`{parameter['name']}`: {fault}; the default style is used",
                (*written.at, key),
                hint="see the table of styles in the OpenAPI specification, under Style Values",
            )
            style = {"style": "", "explode": None, "allowReserved": False}
        parameter["style"] = style


def _written_style(written: Reader) -> dict[str, Any]:
    style = {
        "style": written.text("style"),
        "explode": written.flag("explode"),
        "allowReserved": written.flag("allowReserved") or False,
    }
    collection = written.text("collectionFormat")
    if collection in _COLLECTION_FORMATS and not style["style"] and style["explode"] is None:
        style |= _COLLECTION_FORMATS[collection]
    return style


def _fault(
    parameter: dict[str, Any], style: dict[str, Any], written: Reader, body_type: str
) -> tuple[str, str]:
    """Return the invalid key and the reason; empty texts where the style is valid."""
    place, kind = parameter["in"] or "query", parameter["type"]
    name, collection = style["style"], written.text("collectionFormat")
    key = "collectionFormat" if collection else "style" if name else "explode"
    if place in ("body", "environment"):
        is_form = place == "body" and body_type in ("formUrlEncoded", "multipartForm")
        return ("", "") if is_form else (key, f"`{key}` has no effect in {_A_PLACE[place]}")
    if collection:
        is_possible = collection in _COLLECTION_FORMATS and (place, collection) not in _IMPOSSIBLE_FORMATS
        known = "" if is_possible else f"a {place} parameter has no `collectionFormat` `{collection}`"
    else:
        known = "" if name in ("", *_STYLES[place]) else f"a {place} parameter has no style `{name}`"
    is_delimited = name in _DELIMITED
    faults = (
        (bool(known), key, known),
        (is_delimited and bool(style["explode"]), "explode", f"`{name}` cannot be exploded"),
        (
            is_delimited and kind in _SCALARS,
            key,
            f"`{name}` is for arrays and objects, and its type is {kind}",
        ),
        (
            name == "deepObject" and kind not in (None, "object"),
            key,
            f"`deepObject` is for objects, and its type is {kind}",
        ),
        (
            name == "deepObject" and style["explode"] is False,
            "explode",
            "`deepObject` is always exploded",
        ),
        (
            style["allowReserved"] and place not in ("path", "query"),
            "allowReserved",
            f"`allowReserved` has no effect in a {place}",
        ),
    )
    return next(((key, message) for is_fault, key, message in faults if is_fault), ("", ""))


_A_PLACE: Final = {"body": "a body that is not a form", "environment": "the environment"}
_IMPOSSIBLE_FORMATS: Final = frozenset(
    (("path", "tsv"), *((place, "multi") for place in ("path", "header", "cookie")))
)
"""A path cannot contain tabs, and only a query can repeat a name."""
