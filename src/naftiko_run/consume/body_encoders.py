"""Encode request bodies: a value into bytes and their Content-Type, by body type."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode

from naftiko_run import _json
from naftiko_run.expressions import as_text

Encoded = tuple[str, bytes]
"""Content-Type and bytes."""

Encode = Callable[[Any, bool], Encoded]
"""Encodes a value; True for a large one, which is encoded in a thread, in steps that let other threads run."""


def encoder(body_type: str) -> Encode:
    """Return the encoder of a body type."""
    return _ENCODERS[body_type]


def _encode_json(value: Any, is_large: bool) -> Encoded:  # noqa: FBT001
    return "application/json", _json.dumps_incrementally(value) if is_large else _json.dumps(value)


def _typed_text(content_type: str) -> Encode:
    return lambda value, _: (content_type, as_text(value).encode())


def _yaml(value: Any, _: bool) -> Encoded:  # noqa: FBT001
    from naftiko_run.consume.yaml_template import dump_yaml

    return "application/yaml", (value if isinstance(value, str) else dump_yaml(value)).encode()


def _form(value: Any, _: bool) -> Encoded:  # noqa: FBT001
    if isinstance(value, dict):
        pairs = [
            (name, as_text(each))
            for name, member in value.items()
            for each in (member if isinstance(member, list) else [member])
            if each is not None
        ]
        return "application/x-www-form-urlencoded", urlencode(pairs).encode()
    return "application/x-www-form-urlencoded", as_text(value).encode()


def _multipart(value: Any, _: bool) -> Encoded:  # noqa: FBT001
    import httpx  # only its multipart encoder is used

    parts = _parts(value)
    if not parts:
        boundary = token_hex(16)
        return f"multipart/form-data; boundary={boundary}", f"--{boundary}--\r\n".encode()
    request = httpx.Request("POST", "http://multipart.invalid", files=parts)
    return request.headers["content-type"], request.read()


def _parts(value: Any) -> list[tuple[str, Any]]:
    """Return a mapping of fields, or the specification's list of parts, in the form that httpx takes.

    Parts and fields without a value are skipped.
    """
    if isinstance(value, dict):
        return [(name, (None, as_text(member))) for name, member in value.items() if member is not None]
    if not isinstance(value, list):
        return [("body", (None, as_text(value)))]
    parts: list[tuple[str, Any]] = []
    for part in value:
        if part.get("value") is None:
            continue
        content = as_text(part["value"])
        kind = part.get("contentType")
        file = (part.get("filename"), content, kind) if kind else (part.get("filename"), content)
        parts.append((str(part.get("name", "")), file))
    return parts


def _binary(value: Any, _: bool) -> Encoded:  # noqa: FBT001
    """Decode base64 text into bytes; a mapping of one value is treated as that value."""
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    if isinstance(value, dict | list):
        raise TypeError("a binary body must be a single value, not an object or an array")
    text = as_text(value)
    try:
        content = b64decode(text, validate=True)
    except ValueError:
        content = text.encode()
    return "application/octet-stream", content


_ENCODERS: dict[str, Encode] = {
    "json": _encode_json,
    "raw": _typed_text("application/json"),
    "text": _typed_text("text/plain; charset=utf-8"),
    "xml": _typed_text("application/xml"),
    "sparql": _typed_text("application/sparql-query"),
    "yaml": _yaml,
    "formUrlEncoded": _form,
    "multipartForm": _multipart,
    "binary": _binary,
}
