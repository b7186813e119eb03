"""The result of an invocation, independent of any protocol."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from naftiko_run import _json
from naftiko_run._json_incremental import free_incrementally
from naftiko_run.consume import run_in_decode_pool
from naftiko_run.consume.formats import decode_text, repaired_text, to_utf8
from naftiko_run.expressions import MISSING

_log = logging.getLogger(__name__)

_INVALID_UNICODE = "a response contains text that is not Unicode; replaced with U+FFFD"
_BINARY_TYPES = ("image/", "audio/", "video/")


@dataclass(slots=True)
class Outcome:
    """The result of a function.

    Attributes:
        status: The upstream's HTTP status; 200 if no upstream was called.
        content: The bytes of the result; the upstream's own if nothing is mapped, and empty if they
            are streamed.
        media_type: The Content-Type; empty if there is no content.
        headers: The upstream's headers, names in lower case.
        is_binary: Whether the content is binary and not readable as text.
        chunks: The remaining bytes of a streamed response; None if the content is complete.
        close: Releases the connection of ``chunks``; must be called once, even if they were read to the end.
        decode: Decodes content that is not JSON to its value, or ``MISSING``; None for JSON.
    """

    status: int
    content: bytes = field(repr=False)
    media_type: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    is_binary: bool = False
    chunks: AsyncIterator[bytes] | None = field(default=None, repr=False)
    close: Callable[[], Awaitable[None]] | None = field(default=None, repr=False)
    decode: Callable[[], Any] | None = field(default=None, repr=False)
    _value: Any = field(default=MISSING, repr=False)
    _decoded: bool = field(default=False, repr=False)

    @classmethod
    def of_value(
        cls,
        value: Any,
        status: int = 200,
        headers: tuple[tuple[str, str], ...] = (),
        *,
        in_steps: bool = False,
    ) -> Outcome:
        """Return the outcome for a JSON value; with ``in_steps``, for a large one that is written in a thread."""
        content = _json.dumps_incrementally(value) if in_steps else _json.dumps(value)
        return cls(status, content, "application/json", headers, _value=value, _decoded=True)

    @property
    def has_failed(self) -> bool:
        """Whether the upstream returned an error, or a redirect that is not followed."""
        return self.status >= 300

    @property
    def is_long(self) -> bool:
        """Whether the content is too long to be converted on the event loop."""
        return len(self.content) > _json.LARGE_TEXT

    @property
    def location(self) -> str:
        """The upstream's ``Location`` header; empty if absent."""
        return next((value for name, value in self.headers if name == "location"), "")

    @property
    def is_readable(self) -> bool:
        """Whether the content is readable text, by its media type, else by its bytes."""
        kind = self.media_type.partition(";")[0].strip().casefold()
        if self.is_binary or (kind.startswith(_BINARY_TYPES) and not kind.endswith("+xml")):
            return False
        if kind.startswith("text/") or kind.endswith(("json", "xml")):
            return True
        try:
            decode_text(self.content, self.media_type)
        except ValueError:
            return False
        return True

    @property
    def value(self) -> Any:
        """The content as data, or ``MISSING`` if it is empty, binary, or text that is not JSON.

        Raises:
            UndecodableResponse: The content is malformed, in a format that is not readable as text.
        """
        if not self._decoded:
            if not self.content or self.is_binary:
                self._value = MISSING
            elif self.decode is not None:
                self._value = self.decode()
            else:
                self._value = self._json()
            self._decoded = True
        return self._value

    async def read_ahead(self, *, is_long: bool = False) -> None:
        """Decode the value outside the event loop, if it is slow to decode.

        Args:
            is_long: Whether it is slow to decode although the content is not long.
        """
        if is_long or (self.is_long and not self.is_binary):
            await run_in_decode_pool(lambda: self.value)

    def free_value(self) -> None:
        """Free the value in steps; call it in a thread."""
        holders, self._value, self._decoded = [self._value], MISSING, False
        free_incrementally(holders)

    @property
    def text(self) -> str:
        """The content as text, decoded with its charset; invalid Unicode is replaced."""
        text, is_repaired = repaired_text(self.content, self.media_type)
        if is_repaired:
            _log.warning(_INVALID_UNICODE)
        return text

    def _in_utf8(self) -> bytes:
        try:
            return to_utf8(self.content, self.media_type)
        except _json.InvalidUnicode as fault:
            _log.warning(_INVALID_UNICODE)
            return fault.repaired

    def _json(self) -> Any:
        content = self.content
        with suppress(ValueError):  # an unknown charset: it may be UTF-8
            content = self._in_utf8()
        try:
            value, text = _json.loads_repaired(content)
        except ValueError:
            return MISSING
        if text is not content:
            _log.warning(_INVALID_UNICODE)
        return value
