"""Answers for clients that take nothing but a stream of events (``Accept: text/event-stream``)."""

from __future__ import annotations

from naftiko_run.expose.exposer import Message, Send


def as_event_stream(send: Send) -> Send:
    """Return what sends a JSON answer as a stream of one event, and everything else as it is."""
    body = bytearray()
    is_json = False

    async def converted(message: Message) -> None:
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

    return converted
