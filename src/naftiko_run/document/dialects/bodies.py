"""Request bodies of consumed operations, and their types' many spellings."""

from __future__ import annotations

from typing import Any, Final

from naftiko_run.document.dialects.reading import Reader

BODY_TYPES: Final = {
    "json": "json",
    "application/json": "json",
    "text": "text",
    "text/plain": "text",
    "xml": "xml",
    "application/xml": "xml",
    "text/xml": "xml",
    "yaml": "yaml",
    "application/yaml": "yaml",
    "sparql": "sparql",
    "application/sparql-query": "sparql",
    "form": "formUrlEncoded",
    "formurlencoded": "formUrlEncoded",
    "urlencoded": "formUrlEncoded",
    "application/x-www-form-urlencoded": "formUrlEncoded",
    "multipart": "multipartForm",
    "multipartform": "multipartForm",
    "multipart/form-data": "multipartForm",
    "binary": "binary",
    "octet-stream": "binary",
    "application/octet-stream": "binary",
    "application/cbor": "binary",
}


def normalise_body(operation: Reader) -> dict[str, Any] | None:
    """Give the operation's body; None where it has none."""
    body = operation.data.get("body")
    at = (*operation.at, "body")
    if body is None:
        return None
    if isinstance(body, str):
        return {"pointer": at, "type": "raw", "data": body}
    if not isinstance(body, dict):
        operation.report.warning("wrong-type", "`body` must be text or a mapping; it was left out", at)
        return None
    if "data" not in body and "type" not in body:
        return {"pointer": at, "type": "json", "data": body}
    kind = _body_type(Reader(body, at, operation.report))
    if body.get("data") is None:
        operation.report.warning(
            "body-without-data",
            "the body has no `data`; it is made of the caller's arguments",
            at,
            hint="write `data:` with the fields to send, or leave `body` out",
        )
    return {"pointer": at, "type": kind, "data": body.get("data")}


def _body_type(body: Reader) -> str:
    written = body.text("type")
    known = BODY_TYPES.get(written.casefold()) if written else "json"
    if known is None:
        body.report.warning(
            "unknown-body-type",
            f"`{written}` is not a body type; it is sent as JSON",
            (*body.at, "type"),
            hint="write one of json, text, xml, yaml, sparql, formUrlEncoded, multipartForm, binary",
        )
    return known or "json"
