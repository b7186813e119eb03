"""Content codings (RFC 9110, 8.4): decoded as the body arrives, in steps of bounded size.

A truncated or corrupt body is an error, so a partial response is never mistaken for a complete one. ``br`` and
``zstd`` are supported and requested only if their codec is installed.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, Protocol

MAX_CODINGS: Final = 5
"""The maximum number of codings of one body."""
_PIECE: Final = 256 * 1024
"""The maximum output of one step, in bytes: a small input can decode to a very large output."""
_STEP_COST: Final = 4096
"""The fixed cost of a step, in bytes, in addition to its output: a step may have no output."""
_MAX_WINDOW_LOG: Final = 23
"""The largest window of zstd that HTTP allows, as a power of two (RFC 9659)."""
_ZSTANDARD_SLICE: Final = 64
"""The input bytes of one ``zstandard`` call: it cannot limit its output, and 4 bytes can decode to 128 KiB."""

MISCODED: Final = "its Content-Encoding does not fit what it sent"
TOO_MANY_CODINGS: Final = f"its Content-Encoding names more than {MAX_CODINGS} codings"


class CodingError(Exception):
    """A body that cannot be decoded; the message is a human-readable reason."""


class Stage(Protocol):
    """Decodes one coding."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the decoded bytes of the next input, about ``_PIECE`` bytes at most at a time; chunks may be empty.

        Raises:
            CodingError: The input is not valid in this coding.
        """
        ...

    def finish(self) -> None:
        """Check that the body is complete.

        Raises:
            CodingError: The body is truncated.
        """
        ...


class ContentDecoder:
    """Decodes one body.

    Args:
        encodings: The values of its Content-Encoding headers, joined by commas.

    Attributes:
        work: The cost of decoding, in bytes, since it was last reset.
    """

    def __init__(self, encodings: str) -> None:
        self._encodings = encodings
        self._stages: list[Stage] | None = None
        self.work = 0

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield the decoded bytes of the next input; an empty chunk is a step without output.

        Raises:
            CodingError: They cannot be decoded.
        """
        if self._stages is None:
            self._stages = _stages_of(self._encodings)  # not earlier: an empty body may declare any coding
        pieces: Iterator[bytes] = iter((data,))
        for stage in self._stages:
            pieces = self._through(stage, pieces)
        return pieces

    def finish(self) -> None:
        """Check that the body is complete.

        Raises:
            CodingError: It was cut off.
        """
        for stage in self._stages or ():
            stage.finish()

    def _through(self, stage: Stage, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            if not piece:
                yield b""
                continue
            for decoded in stage.feed(piece):
                self.work += _STEP_COST + len(decoded)
                yield decoded


@cache
def accepted_encodings() -> str:
    """Return the Accept-Encoding header of requests: the supported codings."""
    return ", ".join(name for name in _STAGES if _is_installed(name))


def check_encodings(encodings: str) -> None:
    """Check that a body with these Content-Encoding values can be decoded.

    Raises:
        CodingError: It cannot be decoded.
    """
    _stages_of(encodings)


def _stages_of(encodings: str) -> list[Stage]:
    names = [name for each in encodings.split(",") if (name := each.strip().lower()) not in ("", "identity")]
    if len(names) > MAX_CODINGS:
        raise CodingError(TOO_MANY_CODINGS)
    stages: list[Stage] = []
    for name in reversed(names):
        known = _ALIASES.get(name, name)
        if not _is_installed(known):
            advice = ': pip install "naftiko-run[encodings]"' if known in _STAGES else ""
            shown = name if name.isascii() and name.isprintable() and len(name) <= 40 else "of its response"
            raise CodingError(f"the content coding {shown} was not asked for and cannot be decoded{advice}")
        stages.append(_STAGES[known]())
    return stages


class _Inflate:
    """``gzip`` with one or more members, and ``deflate``, which should have zlib's header.

    Args:
        window: zlib's ``wbits``.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._is_gzip = window > zlib.MAX_WBITS
        self._may_be_bare = not self._is_gzip
        self._held = b""
        self._has_begun = False
        self._inflate: Any = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        data, self._held = self._held + data, b""
        if self._may_be_bare:
            if len(data) < 2:  # the length of zlib's header
                self._held = data
                return
            self._may_be_bare = False
            if not _has_zlib_header(data):  # some servers omit it
                self._window = -zlib.MAX_WBITS
        try:
            yield from self._inflated(data)
        except zlib.error:
            raise CodingError(MISCODED) from None

    def finish(self) -> None:
        if self._held or self._inflate is not None:
            raise CodingError(MISCODED)

    def _inflated(self, data: bytes) -> Iterator[bytes]:
        piece = b""
        while data or len(piece) == _PIECE:
            if self._inflate is None:
                if self._has_begun:
                    data = data.lstrip(b"\0") if self._is_gzip else data  # gzip files may be padded
                    if not data:
                        return
                    if not self._is_gzip:
                        raise CodingError(MISCODED)
                self._inflate = zlib.decompressobj(self._window)
                self._has_begun = True
            piece = self._inflate.decompress(data, _PIECE)
            data = self._inflate.unconsumed_tail
            if self._inflate.eof:
                data, self._inflate = self._inflate.unused_data, None
            yield piece
            if self._inflate is None:
                piece = b""


class _Brotli:
    """``br``."""

    def __init__(self) -> None:
        self._module: Any = import_module("brotli")
        self._decompressor = self._module.Decompressor()
        self._has_begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._has_begun = True
        try:
            piece = b""
            while data or piece or not self._takes_more():
                yield (piece := self._decompressor.process(data, output_buffer_limit=_PIECE))
                data = b""
        except self._module.error:
            raise CodingError(MISCODED) from None

    def _takes_more(self) -> bool:
        return bool(self._decompressor.can_accept_more_data() or self._decompressor.is_finished())

    def finish(self) -> None:
        if self._has_begun and not self._decompressor.is_finished():
            raise CodingError(MISCODED)


class _Zstandard:
    """``zstd`` with one or more frames, with the package ``zstandard``."""

    def __init__(self) -> None:
        self._module: Any = import_module("zstandard")
        self._decompressor = self._module.ZstdDecompressor(max_window_size=1 << _MAX_WINDOW_LOG)
        self._frame: Any = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        try:
            at = 0
            pieces: list[bytes] = []
            size = 0
            while at < len(data):
                if self._frame is None:
                    self._frame = self._decompressor.decompressobj()
                pieces.append(self._frame.decompress(data[at : at + _ZSTANDARD_SLICE]))
                at = min(at + _ZSTANDARD_SLICE, len(data))
                if self._frame.eof:
                    at -= len(self._frame.unused_data)
                    self._frame = None
                size += len(pieces[-1])
                if size >= _PIECE or len(pieces) >= _PIECE // _STEP_COST:
                    yield b"".join(pieces)
                    pieces, size = [], 0
            yield b"".join(pieces)
        except self._module.ZstdError:
            raise CodingError(MISCODED) from None

    def finish(self) -> None:
        if self._frame is not None:
            raise CodingError(MISCODED)


class _StandardZstd:
    """``zstd`` with one or more frames, with the standard library of Python 3.14."""

    def __init__(self) -> None:
        self._module: Any = import_module("compression.zstd")
        self._options = {self._module.DecompressionParameter.window_log_max: _MAX_WINDOW_LOG}
        self._frame: Any = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        try:
            while data or (self._frame is not None and not self._frame.needs_input):
                if self._frame is None:
                    self._frame = self._module.ZstdDecompressor(options=self._options)
                piece = self._frame.decompress(data, _PIECE)
                data = b""
                if self._frame.eof:
                    data, self._frame = self._frame.unused_data, None
                yield piece
        except self._module.ZstdError:
            raise CodingError(MISCODED) from None

    def finish(self) -> None:
        if self._frame is not None:
            raise CodingError(MISCODED)


_HAS_STANDARD_ZSTD: Final = find_spec("_zstd") is not None  # Python 3.14
_STAGES: Final[dict[str, Callable[[], Stage]]] = {
    "gzip": lambda: _Inflate(zlib.MAX_WBITS | 16),
    "deflate": lambda: _Inflate(zlib.MAX_WBITS),
    "br": _Brotli,
    "zstd": _StandardZstd if _HAS_STANDARD_ZSTD else _Zstandard,
}
_ALIASES: Final = {"x-gzip": "gzip"}


@cache
def _is_installed(name: str) -> bool:
    if name == "br":  # releases before 1.2 cannot limit the output of a step
        return find_spec("brotli") is not None and hasattr(
            import_module("brotli").Decompressor, "can_accept_more_data"
        )
    if name == "zstd":
        return _HAS_STANDARD_ZSTD or find_spec("zstandard") is not None
    return name in _STAGES


def _has_zlib_header(data: bytes) -> bool:
    """Return whether bytes start with a zlib header (RFC 1950): the deflate method and a checksum."""
    return data[0] & 0x0F == zlib.DEFLATED and (data[0] << 8 | data[1]) % 31 == 0
