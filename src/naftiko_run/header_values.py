"""Decode and encode header values without loss, whatever their bytes."""

from __future__ import annotations


def decode_header_value(value: bytes) -> str:
    """Decode a header value as UTF-8; each byte that is not UTF-8 becomes a lone surrogate (PEP 383)."""
    return value.decode("utf-8", "surrogateescape")


def encode_header_value(text: str) -> bytes:
    """Encode a header value: the bytes that it was decoded from, or UTF-8.

    Raises:
        UnicodeEncodeError: The text contains another lone surrogate.
    """
    return text.encode("utf-8", "surrogateescape")
