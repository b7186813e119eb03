"""What an invocation gives, before any protocol."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from naftiko_run import _json
from naftiko_run.consume import run_in_decode_pool
from naftiko_run.consume.formats import decode_text, repaired_text
from naftiko_run.expressions import MISSING

_log = logging.getLogger(__name__)

_REPLACED = "an answer holds text that is not Unicode; U+FFFD replaces it"
_NEVER_TEXT = ("image/", "audio/", "video/")


@dataclass(slots=True)
class Outcome:
    """The answer of a function.

    Attributes:
        status: The upstream's HTTP status; 200 where no upstream was called.
        content: The answer's bytes; the upstream's own where nothing was mapped, and empty where they
            are still to come.
        media_type: Its Content-Type; empty where there is no content.
        headers: The upstream's headers, names in lower case.
        is_binary: Whether the content is bytes that nobody should read as text.
        chunks: The bytes that are still to come; None where they are all here.
        close: Gives back what ``chunks`` come from; to be called once, read to the end or not.
        decode: Gives the value of content that is not JSON, or ``MISSING``; None for JSON.
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
        """Make an outcome of a JSON value; of a large one in a thread, in steps between which others run."""
        content = _json.dumps_incrementally(value) if in_steps else _json.dumps(value)
        return cls(status, content, "application/json", headers, _value=value, _decoded=True)

    @property
    def has_failed(self) -> bool:
        """Whether the upstream did not do what was asked: an error, or a redirect that is not followed."""
        return self.status >= 300

    @property
    def is_long(self) -> bool:
        """Whether the content is too long to be converted while other requests wait."""
        return len(self.content) > _json.LARGE_TEXT

    @property
    def location(self) -> str:
        """Where the upstream says that the result is; empty where it does not, or where the answer is the result."""
        if self.status == 200:
            return ""
        return next((value for name, value in self.headers if name == "location"), "")

    @property
    def is_readable(self) -> bool:
        """Whether the content is text for people and models, by its type, else by what it is made of."""
        kind = self.media_type.partition(";")[0].strip().casefold()
        if self.is_binary or (kind.startswith(_NEVER_TEXT) and not kind.endswith("+xml")):
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
        """The answer as data, or ``MISSING`` where it is empty, bytes, or text that is no JSON.

        Raises:
            UndecodableResponse: It is in a format that nobody can read as text, and is malformed.
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
        """Read the value beside the event loop, where it takes long.

        Args:
            is_long: Whether it does, though the content is not longer than most.
        """
        if is_long or (self.is_long and not self.is_binary):
            await run_in_decode_pool(lambda: self.value)

    @property
    def text(self) -> str:
        """The answer as text, in its own encoding; what is not Unicode is replaced."""
        text, is_repaired = repaired_text(self.content, self.media_type)
        if is_repaired:
            _log.warning(_REPLACED)
        return text

    def _json(self) -> Any:
        try:
            value, text = _json.loads_repaired(self.content)
        except ValueError:
            return MISSING
        if text is not self.content:
            _log.warning(_REPLACED)
        return value
