"""Content negotiation (RFC 9110, 12.5.1): responses as JSON or as an event stream, by the ``Accept`` header."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from naftiko_run.expose.exposer import Message, Send

_JSON: Final = (b"application/json", b"application/*", b"*/*")
_EVENT_STREAM: Final = (b"text/event-stream", b"text/*", b"*/*")
_ZERO_WEIGHT: Final = re.compile(rb";\s*q\s*=\s*0(?:\.0*)?\s*(?:;|\Z)", re.IGNORECASE)


@lru_cache(maxsize=64)
def accepts_json(accept: bytes | None) -> bool:
    """Return whether a client accepts JSON; a missing or empty header accepts anything."""
    return _accepts(accept, _JSON)


@lru_cache(maxsize=64)
def accepts_event_stream(accept: bytes | None) -> bool:
    """Return whether a client accepts an event stream; a missing or empty header accepts anything."""
    return _accepts(accept, _EVENT_STREAM)


def _accepts(accept: bytes | None, media_ranges: tuple[bytes, ...]) -> bool:
    """Return whether the header accepts a media type.

    Args:
        accept: The header's value.
        media_ranges: The ranges that match the media type, the most specific first; the first one in the header decides.
    """
    listed = [each for each in (accept or b"").split(b",") if each.strip()]
    if not listed:
        return True
    accepted = {
        each.partition(b";")[0].strip().lower(): _ZERO_WEIGHT.search(each) is None
        for each in reversed(listed)
    }
    return next((accepted[each] for each in media_ranges if each in accepted), False)


def as_event_stream(send: Send) -> Send:
    """Return a ``send`` that converts a JSON response to an event stream of one event; other responses pass unchanged.

    It serves clients that accept only ``text/event-stream``.
    """
    body = bytearray()
    is_json = False

    async def send_converted(message: Message) -> None:
        nonlocal is_json
        if message["type"] == "http.response.start":
            headers = [*message["headers"]]
            types = [value for name, value in headers if name.lower() == b"content-type"]
            is_json = message["status"] == 200 and any(each.startswith(b"application/json") for each in types)
            if is_json:
                kept = [
                    each for each in headers if each[0].lower() not in (b"content-type", b"content-length")
                ]
                stream = (
                    (b"content-type", b"text/event-stream"),
                    (b"cache-control", b"no-cache, no-transform"),
                )
                message = {**message, "headers": [*kept, *stream]}
        elif is_json and message["type"] == "http.response.body":
            body.extend(message.get("body", b""))
            if message.get("more_body", False):
                return
            lines = b"".join(b"data: %b\n" % line for line in bytes(body).splitlines())
            message = {"type": message["type"], "body": b"event: message\n%b\n" % lines}
        await send(message)

    return send_converted
