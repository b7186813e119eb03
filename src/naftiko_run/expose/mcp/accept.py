"""What a client accepts: JSON, a stream of events, or both (RFC 9110, 12.5.1)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_JSON: Final = (b"application/json", b"application/*", b"*/*")
_EVENTS: Final = (b"text/event-stream", b"text/*", b"*/*")
_REFUSED: Final = re.compile(rb";\s*q\s*=\s*0(?:\.0*)?\s*(?:;|\Z)", re.IGNORECASE)


@lru_cache(maxsize=64)
def takes_json(accept: bytes | None) -> bool:
    """Return whether a client accepts JSON; without the header, or with an empty one, it accepts anything."""
    return _takes(accept, _JSON)


@lru_cache(maxsize=64)
def takes_events(accept: bytes | None) -> bool:
    """Return whether a client accepts a stream of events."""
    return _takes(accept, _EVENTS)


def _takes(accept: bytes | None, ranges: tuple[bytes, ...]) -> bool:
    """Return whether the most specific range of a media type that the header names has a weight."""
    written = [each for each in (accept or b"").split(b",") if each.strip()]
    if not written:
        return True
    weighted = {
        each.partition(b";")[0].strip().lower(): _REFUSED.search(each) is None for each in reversed(written)
    }
    return next((weighted[each] for each in ranges if each in weighted), False)
