"""``yaml``: one YAML document, parsed with the same limits as capability documents."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from naftiko_run.consume.formats.format import FormatSettings
from naftiko_run.consume.formats.text import decode_text
from naftiko_run.document.source import parse
from naftiko_run.errors import DocumentError


class YamlFormat:
    """YAML with the 1.2 core schema; keys are text, and aliases that expand exponentially are rejected."""

    accept: ClassVar[str] = "application/yaml, application/x-yaml;q=0.9, text/yaml;q=0.9, */*;q=0.5"
    unmapped: ClassVar[Literal["text"]] = "text"

    def __init__(self, settings: FormatSettings) -> None:
        """Accept the settings; none are used."""

    def decode(self, content: bytes, media_type: str) -> Any:
        """Decode a response; see ``Format.decode``."""
        return parse_yaml(decode_text(content, media_type))


def parse_yaml(text: str) -> Any:
    """Parse a YAML document.

    Raises:
        ValueError: It is malformed, too large, or has too many aliases; the message gives the location and shows none of
            the content.
    """
    try:
        return parse(text).data
    except DocumentError as fault:
        found = fault.diagnostics[0]
        raise ValueError(
            f"{found.code.replace('-', ' ')} at line {found.line}, column {found.column}"
        ) from None
