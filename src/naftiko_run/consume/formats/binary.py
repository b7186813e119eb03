"""``binary``: bytes that are passed on without decoding."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, ClassVar, Literal

from naftiko_run.consume.formats.format import FormatSettings


class BinaryFormat:
    """Bytes; base64 text if they must be part of JSON."""

    unmapped: ClassVar[Literal["bytes"]] = "bytes"

    def __init__(self, settings: FormatSettings) -> None:
        self.accept = f"{settings.media_type}, */*;q=0.5" if settings.media_type else "*/*"

    def decode(self, content: bytes, media_type: str) -> Any:  # noqa: ARG002 - not used
        """Decode a response; see ``Format.decode``."""
        return b64encode(content).decode()
