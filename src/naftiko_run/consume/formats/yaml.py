"""``yaml``: one document, read with the guards that capability documents are read with."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from naftiko_run.consume.formats.format import FormatSettings
from naftiko_run.consume.formats.text import decode_text
from naftiko_run.document.source import parse
from naftiko_run.errors import DocumentError


class YamlFormat:
    """YAML of the 1.2 core schema; keys are text, and aliases that multiply are refused."""

    accept: ClassVar[str] = "application/yaml, application/x-yaml;q=0.9, text/yaml;q=0.9, */*;q=0.5"
    unmapped: ClassVar[Literal["text"]] = "text"

    def __init__(self, settings: FormatSettings) -> None:
        """Take no settings."""

    def decode(self, content: bytes, media_type: str) -> Any:
        """Decode an answer; see ``Format.decode``."""
        return parse_yaml(decode_text(content, media_type))


def parse_yaml(text: str) -> Any:
    """Parse a YAML document.

    Raises:
        ValueError: It is none, or too large or entangled; the message says where, and shows nothing of it.
    """
    try:
        return parse(text).data
    except DocumentError as fault:
        found = fault.diagnostics[0]
        raise ValueError(
            f"{found.code.replace('-', ' ')} at line {found.line}, column {found.column}"
        ) from None
