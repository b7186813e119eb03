"""Request bodies of consumed operations, and their types' many spellings."""

from __future__ import annotations

from typing import Any, Final

from naftiko_run.document.normalize.reader import Reader
from naftiko_run.document.normalize.this_references import read_data
from naftiko_run.spec.consumes import BODY

_TYPES: Final = {**{each.casefold(): each for each in BODY.types}, **BODY.aliases}
"""Each type of a body, by every spelling in lower case."""

_TEXTS: Final = ("text", "xml", "sparql")
"""The types of bodies that are only text."""

_FAMILIES: Final = {"+json": "json", "+xml": "xml", "yaml": "yaml", "text/": "text"}
"""How a body of a media type that is not listed is written, by a part of that type's name."""


def normalise_body(operation: Reader) -> dict[str, Any] | None:
    """Give the operation's body; None where it has none."""
    body = operation.data.get("body")
    at = (*operation.at, "body")
    if body is None:
        return None
    if isinstance(body, str):
        return {"pointer": at, "type": "raw", "data": read_data(body)}
    if not isinstance(body, dict):
        operation.report.warning("wrong-type", "`body` must be text or a mapping; it was left out", at)
        return None
    if body and "data" not in body and "type" not in body:
        return {"pointer": at, "type": "json", "data": read_data(body)}
    written = Reader(body, at, operation.report)
    kind, content_type = _body_type(written)
    if body.get("data") is None:
        operation.report.warning(
            "body-without-data",
            "the body has no `data`; it is made of the caller's arguments",
            at,
            hint="write `data:` with the fields to send, or leave `body` out",
        )
    else:
        _note_unusual(written, kind)
    return {"pointer": at, "type": kind, "data": read_data(body.get("data")), "contentType": content_type}


def _body_type(body: Reader) -> tuple[str, str]:
    """Give the type of a body, and its Content-Type where the author wrote one that says more."""
    written = body.text("type") or "json"
    media_type = written.casefold().partition(";")[0].strip()
    kind = _TYPES.get(media_type, "")
    if "/" not in media_type or media_type == "application/json" or media_type.startswith("multipart/"):
        content_type = ""
    else:
        content_type = written
        kind = kind or next((kind for mark, kind in _FAMILIES.items() if mark in media_type), "")
    if kind:
        return kind, content_type
    kind = "text" if content_type and isinstance(body.data.get("data"), str) else "json"
    body.report.warning(
        "unknown-body-type",
        f"`{written}` is not a body type; it is sent as {'JSON' if kind == 'json' else 'text'}",
        (*body.at, "type"),
        hint="write one of json, text, xml, yaml, sparql, formUrlEncoded, multipartForm, binary",
    )
    return kind, content_type


def _note_unusual(body: Reader, kind: str) -> None:
    """Warn of what is sent, though not in a way that every reader would expect."""
    if kind == "yaml":
        message, key = "a YAML body is no part of the specification; the data is written as YAML", "type"
    elif kind in _TEXTS and isinstance(body.data["data"], dict | list):
        message, key = (
            f"a body of type {kind} is text, and its `data` is a structure; it is sent as JSON text",
            "data",
        )
    elif kind == "binary" and isinstance(body.data["data"], dict) and len(body.data["data"]) == 1:
        message, key = "a binary body is one value; the only member of `data` is sent", "data"
    elif kind == "binary" and "cbor" in body.text("type").casefold():
        message, key = (
            "nothing is encoded as CBOR here; the data is sent as it is, base64 as its bytes",
            "type",
        )
    else:
        return
    body.report.warning("unusual-body", message, (*body.at, key), hint="write a `json` body where it will do")
