"""``json``, the default format."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from naftiko_run import _json
from naftiko_run.consume.formats.format import FormatSettings
from naftiko_run.consume.formats.text import decode_text, encoding_of


class JsonFormat:
    """JSON in UTF-8, or in the declared encoding of the response."""

    accept: ClassVar[str] = "application/json, */*;q=0.5"
    unmapped: ClassVar[Literal["text"]] = "text"

    def __init__(self, settings: FormatSettings) -> None:
        """Accept the settings; none are used."""

    def decode(self, content: bytes, media_type: str) -> Any:
        """Decode a response; see ``Format.decode``."""
        if encoding_of(content, media_type) not in (None, ("utf-8", 0)):
            content = decode_text(content, media_type).encode()
        return _json.loads(content)
