"""Content encodings, undone as the body comes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

_PIECE: Final = 256 * 1024
"""The most that is unpacked at once: a little can become very much."""


class Undoing:
    """The encodings of one body, undone; those that nobody here knows are left as they are.

    Args:
        encodings: The values of its Content-Encoding headers, joined.
    """

    def __init__(self, encodings: str) -> None:
        named = [each.strip().lower() for each in encodings.split(",")]
        self._undone: list[_Inflating] = [_Inflating(each) for each in reversed(named) if each in _WINDOWS]

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Give what comes of the next bytes.

        Raises:
            zlib.error: They are not what the encoding says.
        """
        pieces: Iterator[bytes] = iter((data,))
        for each in self._undone:
            pieces = each.pieces(pieces)
        return pieces


_WINDOWS: Final = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class _Inflating:
    def __init__(self, encoding: str) -> None:
        self._inflate = zlib.decompressobj(_WINDOWS[encoding])
        self._may_be_bare = encoding == "deflate"
        self._held = b""

    def pieces(self, packed: Iterable[bytes]) -> Iterator[bytes]:
        for each in packed:
            data = self._held + each
            self._held = b""
            if self._may_be_bare and len(data) < 2:  # zlib's head is two bytes
                self._held = data
                continue
            piece = b""
            while (data or len(piece) == _PIECE) and not self._inflate.eof:
                piece = self._unpacked(data)
                data = self._inflate.unconsumed_tail
                if piece:
                    yield piece

    def _unpacked(self, data: bytes) -> bytes:
        """Unpack some; ``deflate`` is meant to have zlib's head, and some send it without."""
        try:
            return self._inflate.decompress(data, _PIECE)
        except zlib.error:
            if not self._may_be_bare:
                raise
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            return self._inflate.decompress(data, _PIECE)
        finally:
            self._may_be_bare = False
