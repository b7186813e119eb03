"""Request bodies: from a document's ``body`` to bytes with the right Content-Type."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape as escape_xml

from naftiko_run import jsontext
from naftiko_run.document.model import Body
from naftiko_run.expressions import (
    Expression,
    Resolve,
    as_text,
    compile_text,
    compile_value,
    sequence,
    structure,
)
from naftiko_run.expressions import encode as percent_encode

Encoded = tuple[str, bytes]
"""Content-Type and bytes."""

_PLACEHOLDER = re.compile(r"\{\{\{[^{}]+\}\}\}|\{\{[^{}]+\}\}")
_BARE = "\ue000"


@dataclass(frozen=True, slots=True)
class BodyPlan:
    """How a body is made.

    Attributes:
        value: The body's value; ``MISSING`` for no body.
        encode: Writes it.
        whole: The argument whose JSON text, as the caller wrote it, may be sent
            unchanged; empty where the body is made here.
    """

    value: Expression
    encode: Callable[[Any], Encoded]
    whole: str = ""


def encoder(body_type: str) -> Callable[[Any], Encoded]:
    """Give the encoder of a body type."""
    return _ENCODERS[body_type]


def compile_body(body: Body, resolve: Resolve) -> BodyPlan:
    """Compile a body that has data.

    Raises:
        ValueError: A template in it is malformed.
    """
    encode = _ENCODERS[body.type]
    data = body.data
    if body.type == "binary" and (isinstance(data, list) or (isinstance(data, dict) and len(data) != 1)):
        raise ValueError("a binary body is one value, and its `data` is a structure")
    if not isinstance(data, str):
        return BodyPlan(compile_value(data, resolve, lenient=True), encode)
    if body.type in ("json", "raw"):
        return _compile_json_text(data, resolve, encode)
    if body.type in ("text", "xml", "sparql", "yaml"):
        write = _as_xml if body.type == "xml" else as_text
        return BodyPlan(compile_text(data, resolve, escape=write, lenient=True), encode)
    if body.type == "formUrlEncoded" and not _PLACEHOLDER.fullmatch(data.strip()):
        return BodyPlan(compile_text(data, resolve, escape=percent_encode, lenient=True), encode)
    return BodyPlan(compile_value(data, resolve, lenient=True), encode)


def _compile_json_text(text: str, resolve: Resolve, encode: Callable[[Any], Encoded]) -> BodyPlan:
    """Compile JSON written as text: a bare ``{{x}}`` is a value, one in quotes is text.

    Text that is JSON only once its sections are rendered stays text.
    """
    try:
        return BodyPlan(_compile_marked(json.loads(_mark_bare_placeholders(text)), resolve), _json)
    except ValueError:
        if text.lstrip().startswith(("{", "[")):
            return BodyPlan(compile_text(text, resolve, escape=_in_json, lenient=True), _ENCODERS["raw"])
        return BodyPlan(compile_value(text, resolve, lenient=True), encode)


def _mark_bare_placeholders(text: str) -> str:
    written = []
    in_string = False
    at = 0
    while at < len(text):
        found = _PLACEHOLDER.match(text, at)
        if found:
            written.append(found.group() if in_string else json.dumps(_BARE + found.group()))
            at = found.end()
            continue
        if in_string and text[at] == "\\":
            written.append(text[at : at + 2])
            at += 2
            continue
        if text[at] == '"':
            in_string = not in_string
        written.append(text[at])
        at += 1
    return "".join(written)


def _compile_marked(data: Any, resolve: Resolve) -> Expression:
    if isinstance(data, str):
        if data.startswith(_BARE):
            return compile_value(data[1:], resolve)
        return compile_text(data, resolve, lenient=not _PLACEHOLDER.fullmatch(data))
    if isinstance(data, dict):
        return structure({key: _compile_marked(member, resolve) for key, member in data.items()})
    if isinstance(data, list):
        return sequence([_compile_marked(member, resolve) for member in data])
    return compile_value(data, resolve)


def _as_xml(value: Any) -> str:
    return escape_xml(as_text(value), {'"': "&quot;", "'": "&apos;"})


def _in_json(value: Any) -> str:
    """Write a value into JSON text: text goes inside the quotes that stand there, anything else bare."""
    return jsontext.dumps(value).decode()[1:-1] if isinstance(value, str) else as_text(value)


def _json(value: Any) -> Encoded:
    return "application/json", jsontext.dumps(value)


def _typed_text(content_type: str) -> Callable[[Any], Encoded]:
    return lambda value: (content_type, as_text(value).encode())


def _yaml(value: Any) -> Encoded:
    import yaml

    text = value if isinstance(value, str) else yaml.safe_dump(value, allow_unicode=True, sort_keys=False)
    return "application/yaml", text.encode()


def _form(value: Any) -> Encoded:
    if isinstance(value, dict):
        pairs = [
            (name, as_text(each))
            for name, member in value.items()
            for each in (member if isinstance(member, list) else [member])
            if each is not None
        ]
        return "application/x-www-form-urlencoded", urlencode(pairs).encode()
    return "application/x-www-form-urlencoded", as_text(value).encode()


def _multipart(value: Any) -> Encoded:
    import httpx  # its multipart writer, without its client

    parts = _parts(value)
    request = httpx.Request("POST", "http://multipart.invalid", files=parts)
    return request.headers["content-type"], request.read()


def _parts(value: Any) -> list[tuple[str, Any]]:
    """Give httpx's form of a mapping of fields, or of the specification's list of parts."""
    if isinstance(value, dict):
        return [(name, (None, as_text(member))) for name, member in value.items() if member is not None]
    if not isinstance(value, list):
        return [("body", (None, as_text(value)))]
    parts: list[tuple[str, Any]] = []
    for part in value:
        content = as_text(part.get("value", ""))
        kind = part.get("contentType")
        file = (part.get("filename"), content, kind) if kind else (part.get("filename"), content)
        parts.append((str(part.get("name", "")), file))
    return parts


def _binary(value: Any) -> Encoded:
    """Send the bytes of base64 text; a mapping of one value stands for that value."""
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    if isinstance(value, dict | list):
        raise TypeError("it is a structure, and a binary body is one value")
    text = as_text(value)
    try:
        content = b64decode(text, validate=True)
    except ValueError:
        content = text.encode()
    return "application/octet-stream", content


_ENCODERS: dict[str, Callable[[Any], Encoded]] = {
    "json": _json,
    "raw": _typed_text("application/json"),
    "text": _typed_text("text/plain; charset=utf-8"),
    "xml": _typed_text("application/xml"),
    "sparql": _typed_text("application/sparql-query"),
    "yaml": _yaml,
    "formUrlEncoded": _form,
    "multipartForm": _multipart,
    "binary": _binary,
}
