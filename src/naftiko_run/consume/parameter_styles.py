"""Serialize parameters into paths, queries, headers and cookies: OpenAPI's ``style`` and ``explode``.

A style is compiled into a plain function of the value when a document is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from naftiko_run.document.model import Style
from naftiko_run.expressions import as_text, encode_name, percent_encode

Write = Callable[[Any], str]
"""Serialize a value."""

_NOT_IN_COOKIES: Final = re.compile(r"[;\x00-\x08\x0a-\x1f\x7f\ud800-\udc7f\udd00-\udfff]")
_RESERVED: Final = {"path": "-._~*/:@!$&'()+,;=", "query": "-._~*/:@!$'(),;=?"}
"""Characters besides letters and digits that ``allowReserved`` does not encode. ``&`` and ``+`` would end or change a
value in a query; ``?``, ``#`` and brackets are not allowed in a path."""


@dataclass(frozen=True, slots=True)
class _Writer:
    """Serialize values of one parameter in one style.

    Attributes:
        name: The name of the parameter, encoded for its location.
        encode: Encodes a scalar for the location.
        key: Encodes the name of a member for the location.
        delimiter: Separates elements that are not exploded; encoded for the location.
        is_plain: Whether the document sets no style, so that an object is written as JSON.
    """

    name: str
    encode: Write
    key: Callable[[str], str]
    delimiter: str
    is_plain: bool

    def is_object(self, value: Any) -> bool:
        return isinstance(value, dict) and not self.is_plain

    def joined(self, value: Any) -> str:
        """Join the elements of an array, or the names and values of an object, with the delimiter."""
        if isinstance(value, list):
            return self.delimiter.join(map(self.encode, value))
        if self.is_object(value):
            return self.delimiter.join(
                part for name, each in value.items() for part in (self.key(name), self.encode(each))
            )
        return self.encode(value)

    def members(self, value: Mapping[str, Any], separator: str) -> str:
        return separator.join(f"{self.key(name)}={self.encode(each)}" for name, each in value.items())

    def simple(self, value: Any) -> str:
        return self.joined(value)

    def simple_exploded(self, value: Any) -> str:
        return self.members(value, self.delimiter) if self.is_object(value) else self.joined(value)

    def label(self, value: Any) -> str:
        return f".{self.joined(value)}"

    def label_exploded(self, value: Any) -> str:
        if isinstance(value, list):
            return f".{'.'.join(map(self.encode, value))}"
        return f".{self.members(value, '.') if self.is_object(value) else self.encode(value)}"

    def matrix(self, value: Any) -> str:
        text = self.joined(value)
        return f";{self.name}={text}" if text else f";{self.name}"

    def matrix_exploded(self, value: Any) -> str:
        if isinstance(value, list):
            return "".join(map(self.matrix, value))
        return f";{self.members(value, ';')}" if self.is_object(value) else self.matrix(value)

    def form(self, value: Any, separator: str = "&") -> str:  # noqa: ARG002 - same signature as form_exploded
        if isinstance(value, list | dict) and not value and not (self.is_plain and value == {}):
            return ""
        return f"{self.name}={self.joined(value)}"

    def form_exploded(self, value: Any, separator: str = "&") -> str:
        if isinstance(value, list):
            return separator.join([f"{self.name}={self.encode(each)}" for each in value])
        return (
            self.members(value, separator) if self.is_object(value) else f"{self.name}={self.encode(value)}"
        )

    def deep(self, value: Any) -> str:
        """Write ``name[key]=value`` for each member, recursively."""
        if not isinstance(value, dict):
            return self.form_exploded(value)
        return "&".join(f"{name}={self.encode(each)}" for name, each in _deep(self.name, value))


def _deep(name: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [
            pair for key, each in value.items() for pair in _deep(f"{name}%5B{encode_name(key)}%5D", each)
        ]
    if isinstance(value, list):
        return [pair for each in value for pair in _deep(name, each)]
    return [(name, value)]


def path_writer(name: str, style: Style | None) -> Write:
    """Return the serializer of a path parameter; its result may be empty."""
    if style is None:
        return _simple
    writer = _Writer(
        encode_name(name),
        _percent_encoder("path", style),
        percent_encode,
        _encoded_delimiter(style),
        style.is_silent,
    )
    written = style.style or "simple"
    if written in ("label", "matrix", "simple"):
        return _method(writer, written, explode=style.explode is True)
    return writer.joined


def query_writer(name: str, style: Style | None) -> Write:
    """Return the serializer of a query parameter; its result includes the name and is empty if nothing is sent."""
    if style is None:
        return _repeated(encode_name(name))
    written = style.style or "form"
    is_exploded = written == "form" and style.explode is not False
    writer = _Writer(
        encode_name(name),
        _percent_encoder("query", style),
        encode_name if is_exploded else percent_encode,  # a name may contain the delimiter
        _encoded_delimiter(style),
        style.is_silent,
    )
    if written == "deepObject":
        return writer.deep
    return _method(writer, "form", explode=is_exploded)


def header_writer(style: Style | None) -> Write:
    """Return the serializer of a header; its result is not checked for characters that headers do not allow."""
    if style is None:
        return _listed
    delimiter = ", " if style.is_silent else style.delimiter or ","
    writer = _Writer("", as_text, str, delimiter, style.is_silent)
    return _method(writer, "simple", explode=style.explode is True)


class UnsafeCookie(ValueError):
    """Raised for a value that would end its cookie or the header."""

    def __init__(self) -> None:
        super().__init__(
            "contains `;`, a line break or a control character, which is not allowed in a cookie"
        )


def cookie_writer(name: str, style: Style | None) -> Write:
    """Return the serializer of a cookie; an exploded array or object becomes several cookies.

    Values are not encoded; the serializer raises ``UnsafeCookie`` for a value that is not allowed in a cookie.
    """
    style = style or Style()
    writer = _Writer(name, _cookie_text, _cookie_text, style.delimiter or ",", style.is_silent)
    if style.explode is True:
        return partial(writer.form_exploded, separator="; ")
    return writer.form


def form_field_writer(style: Style | None) -> Callable[[Any], Any] | None:
    """Return the function that joins an array into one form field; None if each element is a field."""
    delimiter = style.delimiter if style is not None else ""
    if not delimiter:
        return None
    return lambda value: delimiter.join(map(as_text, value)) if isinstance(value, list) else value


def _cookie_text(value: Any) -> str:
    text = as_text(value)
    if _NOT_IN_COOKIES.search(text):
        raise UnsafeCookie
    return text


def _simple(value: Any) -> str:
    return ",".join(map(percent_encode, value)) if isinstance(value, list) else percent_encode(value)


def _listed(value: Any) -> str:
    return ", ".join(map(as_text, value)) if isinstance(value, list) else as_text(value)


def _repeated(name: str) -> Write:
    def write(value: Any) -> str:
        if isinstance(value, list):
            return "&".join([f"{name}={percent_encode(each)}" for each in value])
        return f"{name}={percent_encode(value)}"

    return write


def _method(writer: _Writer, style: str, *, explode: bool) -> Write:
    write: Write = getattr(writer, f"{style}_exploded" if explode else style)
    return write


def _percent_encoder(place: str, style: Style) -> Write:
    if not style.allow_reserved:
        return percent_encode
    safe = _RESERVED[place]
    return lambda value: quote(as_text(value), safe=safe)


def _encoded_delimiter(style: Style) -> str:
    """Return the encoded delimiter of elements; a comma is never encoded."""
    return quote(style.delimiter or ",", safe=",")
