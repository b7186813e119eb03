"""Request bodies of consumed operations, and the spellings of their types."""

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
"""The type of a body by a part of an unlisted media type."""


def normalize_body(operation: Reader) -> dict[str, Any] | None:
    """Return the operation's body; None where it has none."""
    body = operation.data.get("body")
    at = (*operation.at, "body")
    if body is None:
        return None
    if isinstance(body, str):
        return {"pointer": at, "type": "raw", "data": read_data(body)}
    if not isinstance(body, dict):
        operation.report.warning("wrong-type", "`body` must be text or a mapping; it was ignored", at)
        return None
    if body and "data" not in body and "type" not in body:
        return {"pointer": at, "type": "json", "data": read_data(body)}
    written = Reader(body, at, operation.report)
    kind, content_type = _body_type(written)
    if body.get("data") is None:
        operation.report.warning(
            "body-without-data",
            "the body has no `data`; it is built from the caller's arguments",
            at,
            hint="write `data:` with the fields to send, or leave `body` out",
        )
    else:
        _note_unusual(written, kind)
    return {"pointer": at, "type": kind, "data": read_data(body.get("data")), "contentType": content_type}


def _body_type(body: Reader) -> tuple[str, str]:
    """Return the type of a body, and its Content-Type where the author wrote a more specific one."""
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
    """Warn of bodies that are not sent as written."""
    if kind == "yaml":
        message, key = "YAML bodies are not in the specification; the data is sent as YAML", "type"
    elif kind in _TEXTS and isinstance(body.data["data"], dict | list):
        message, key = (
            f"a body of type {kind} is text, and its `data` is a structure; it is sent as JSON text",
            "data",
        )
    elif kind == "binary" and isinstance(body.data["data"], dict) and len(body.data["data"]) == 1:
        message, key = "a binary body is a single value; the only member of `data` is sent", "data"
    elif kind == "binary" and "cbor" in body.text("type").casefold():
        message, key = (
            "CBOR is not supported; the data is sent unchanged, base64 decoded to bytes",
            "type",
        )
    else:
        return
    body.report.warning("unusual-body", message, (*body.at, key), hint="write a `json` body if possible")
