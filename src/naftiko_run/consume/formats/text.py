"""``text``: an answer that is only text; and the text of every format that is written in it."""

from __future__ import annotations

import codecs
import re
from typing import Any, ClassVar, Literal

from naftiko_run import _json
from naftiko_run.consume.formats.format import FormatSettings

_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([^\s"';]+)""", re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16's, which it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FOR_HOSTS = frozenset({"idna", "punycode"})
"""Encodings of host names: their time grows with the square of a text, and no text is in them."""
_FIRST_OF_MARKS = frozenset(mark[:1] for mark, _ in _MARKS)


class TextFormat:
    """Text, read as one string."""

    accept: ClassVar[str] = "text/plain, */*;q=0.5"
    unmapped: ClassVar[Literal["text"]] = "text"

    def __init__(self, settings: FormatSettings) -> None:
        """Take no settings."""

    def decode(self, content: bytes, media_type: str) -> Any:
        """Decode an answer; see ``Format.decode``."""
        return decode_text(content, media_type)


def repaired_text(content: bytes, media_type: str) -> tuple[str, bool]:
    """Decode what is text by its type, with U+FFFD in place of what is not Unicode, JSON's escapes included.

    Returns:
        The text, and whether something was replaced.
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
    """Give an answer's encoding and the length of its byte order mark; None where neither says one.

    Raises:
        ValueError: Its charset is not known.
    """
    if content[:1] in _FIRST_OF_MARKS:
        for mark, encoding in _MARKS:
            if content.startswith(mark):
                return encoding, len(mark)
    written = _CHARSET.search(media_type) if ";" in media_type else None
    if not written:
        return None
    found: codecs.CodecInfo | None
    try:
        found = codecs.lookup(written[1])
        "".encode(found.name)
    except LookupError:
        found = None
    if found is None or found.name in _FOR_HOSTS:
        raise ValueError(f"its charset `{written[1][:40]}` is not known")
    return found.name, 0


def decode_text(content: bytes, media_type: str, default: str = "utf-8") -> str:
    """Decode text by its byte order mark, the charset of its Content-Type, or the default.

    Raises:
        InvalidUnicode: Its bytes are not in it.
        ValueError: Its charset is not known.
    """
    encoding, skipped = encoding_of(content, media_type) or (default, 0)
    try:
        return content[skipped:].decode(encoding)
    except UnicodeError as fault:
        at = f"byte {fault.start + skipped} " if isinstance(fault, UnicodeDecodeError) else "it "
        repaired = _json.encode(content[skipped:].decode(encoding, "replace"))
        raise _json.InvalidUnicode(repaired, f"{at}is not {encoding} text") from None
