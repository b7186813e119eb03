"""``text``: plain text; and the decoding of text for all formats."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import Any, ClassVar, Literal

from naftiko_run import _json
from naftiko_run.consume.formats.format import FormatSettings

_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([^\s"';]+)""", re.IGNORECASE)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before that of UTF-16, which is a prefix of it
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HOST_ENCODINGS = frozenset({"idna", "punycode"})
"""Encodings of host names: they take quadratic time, and are not used for text."""
_FIRST_MARK_BYTES = frozenset(mark[:1] for mark, _ in _BYTE_ORDER_MARKS)


class TextFormat:
    """Text as one string."""

    accept: ClassVar[str] = "text/plain, */*;q=0.5"
    unmapped: ClassVar[Literal["text"]] = "text"

    def __init__(self, settings: FormatSettings) -> None:
        """Accept the settings; none are used."""

    def decode(self, content: bytes, media_type: str) -> Any:
        """Decode a response; see ``Format.decode``."""
        return decode_text(content, media_type)


def repaired_text(content: bytes, media_type: str) -> tuple[str, bool]:
    """Decode text, with U+FFFD in place of what is not valid Unicode, including JSON escapes.

    Returns:
        The text, and whether anything was replaced.
    """
    is_whole = True
    try:
        text = decode_text(content, media_type)
    except _json.InvalidUnicode as fault:
        text, is_whole = fault.repaired.decode(), False
    except ValueError:
        text = content.decode("utf-8", "replace")
    if media_type.partition(";")[0].strip().casefold().endswith("json"):
        written = text.encode()
        repaired = _json.replace_lone_surrogates(written)
        if repaired is not written:
            return repaired.decode(), True
    return text, not is_whole


def encoding_of(content: bytes, media_type: str) -> tuple[str, int] | None:
    """Return the encoding of a response and the length of its byte order mark; None if none is declared.

    Raises:
        ValueError: The charset is unknown.
    """
    if content[:1] in _FIRST_MARK_BYTES:
        for mark, encoding in _BYTE_ORDER_MARKS:
            if content.startswith(mark):
                return encoding, len(mark)
    name = _charset(media_type) if ";" in media_type else ""
    return (name, 0) if name else None


def to_utf8(content: bytes, media_type: str) -> bytes:
    """Return a text in UTF-8: the same bytes if it is in UTF-8 already, as far as is declared.

    Raises:
        InvalidUnicode: The bytes are invalid in their encoding.
        ValueError: The charset is unknown.
    """
    if encoding_of(content, media_type) in (None, ("utf-8", 0)):
        return content
    return decode_text(content, media_type).encode()


@lru_cache(maxsize=256)
def _charset(media_type: str) -> str:
    """Return the name of the codec for the charset of a media type; empty if it has none.

    Raises:
        ValueError: The charset is unknown.
    """
    written = _CHARSET.search(media_type)
    if not written:
        return ""
    found: codecs.CodecInfo | None
    try:
        found = codecs.lookup(written[1])
        "".encode(found.name)
    except LookupError:
        found = None
    if found is None or found.name in _HOST_ENCODINGS:
        raise ValueError(f"unknown charset `{written[1][:40]}`")
    return found.name


def decode_text(content: bytes, media_type: str, default: str = "utf-8") -> str:
    """Decode text by its byte order mark, the charset of its Content-Type, or the default.

    Raises:
        InvalidUnicode: The bytes are invalid in the encoding.
        ValueError: The charset is unknown.
    """
    encoding, skipped = encoding_of(content, media_type) or (default, 0)
    try:
        return content[skipped:].decode(encoding)
    except UnicodeError as fault:
        at = f"byte {fault.start + skipped} " if isinstance(fault, UnicodeDecodeError) else "it "
        repaired = _json.encode(content[skipped:].decode(encoding, "replace"))
        raise _json.InvalidUnicode(repaired, f"{at}is not {encoding} text") from None
