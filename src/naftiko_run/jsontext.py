"""JSON text in and out: orjson's speed without its losses.

orjson turns integers beyond 64 bits into floats and refuses to write them;
identifiers of that size exist, so the standard library reads those texts once
orjson, the stricter of the two, has found them to be JSON.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

_LONG_INTEGER = re.compile(rb"\d{19}")


def loads(text: bytes) -> Any:
    """Parse strict JSON (RFC 8259, UTF-8).

    Raises:
        ValueError: Not JSON; the message says where.
    """
    value = orjson.loads(text)
    if _LONG_INTEGER.search(text):
        try:
            return json.loads(text)
        except RecursionError:
            raise ValueError("nested too deeply") from None
    return value


def dumps(value: Any, *, indent: bool = False) -> bytes:
    """Write JSON: compact, or with two spaces of indentation.

    Raises:
        TypeError: The value holds something that JSON has no form for.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else None)
    except TypeError:
        separators = None if indent else (",", ":")
        written = json.dumps(
            value, ensure_ascii=False, indent=2 if indent else None, separators=separators, allow_nan=False
        )
        return written.encode()
