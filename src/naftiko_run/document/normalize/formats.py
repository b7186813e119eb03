"""The form of responses: raw formats, media types, sizes and timeouts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from naftiko_run import plugins
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.sizes import parse_size
from naftiko_run.spec.consumes import RAW_FORMAT

_SUFFIXES: Final = {"+json": "json", "+xml": "xml", "+yaml": "yaml"}
_MEDIA: Final = ("image/", "audio/", "video/", "font/")
_INVALID_SIZE: Final = 1024
"""Replaces a size that cannot be read: a limit must not become larger by a mistake in it."""


def normalize_raw_format(operation: Reader) -> str:
    """Return an operation's ``outputRawFormat``, which may be a media type, in any case."""
    written = operation.text("outputRawFormat")
    found = format_named(written) if written else "json"
    if found:
        return found
    operation.report.warning(
        "unknown-format",
        f"`{written}` is not a format; responses are read as JSON",
        (*operation.at, "outputRawFormat"),
        hint=f"write one of {', '.join(plugins.installed(plugins.FORMATS))}",
    )
    return "json"


def format_named(written: str) -> str:
    """Return the format of a name or media type; empty where there is none."""
    name = written.partition(";")[0].strip().casefold()
    found = RAW_FORMAT.aliases.get(name, name)
    if found in plugins.installed(plugins.FORMATS):
        return found
    if name.startswith(_MEDIA):
        return "binary"
    return next((meaning for suffix, meaning in _SUFFIXES.items() if name.endswith(suffix)), "")


def normalize_size(owner: Reader, key: str = "maxBinarySize") -> int | None:
    """Return a size of an operation, an adapter or a tool in bytes; None where it has none."""
    written = owner.text(key)
    if not written:
        return None
    try:
        return parse_size(written)
    except ValueError as fault:
        owner.report.warning(
            "bad-size",
            f"{fault}; {_INVALID_SIZE:,} bytes are the limit",
            (*owner.at, key),
            hint="write a number and a unit, such as `512KiB`, `500KB` or `10MiB`",
        )
    return _INVALID_SIZE


def normalize_seconds(owner: Reader, key: str) -> float | None:
    """Return a time in seconds; None where there is none."""
    written = owner.text(key)
    if not written:
        return None
    try:
        seconds = float(written)
    except ValueError:
        seconds = 0.0
    if 0 < seconds < math.inf:
        return seconds
    owner.report.warning(
        "bad-time",
        f"`{written}` is not a time; the default is used",
        (*owner.at, key),
        hint="write a number of seconds, such as `5` or `0.5`",
    )
    return None


def normalize_media_type(function: Reader) -> str:
    """Return the media type of an exposed function's results: its own, or that of its ``responses``."""
    written = function.text("outputMediaType")
    short = function.mapping("responseBinary")
    if not written and short is not None:
        written = short.text("mediaType")
    if not written:
        written = next(_binary_types(function), "")
    return written.strip()


def _binary_types(function: Reader) -> Iterator[str]:
    """Yield the media types of successful binary responses."""
    for status in function.members("responses"):
        if status.key.startswith("2"):
            yield from (payload.key for payload in status.members("content") if payload.flag("binary"))
