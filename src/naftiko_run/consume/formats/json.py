"""``json``, the default format; and the conversion of other formats' values into JSON values."""

from __future__ import annotations

import math
import struct
from base64 import b64encode
from datetime import date, time
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID

from naftiko_run import _json
from naftiko_run.consume.formats.format import FormatSettings
from naftiko_run.consume.formats.text import to_utf8


class JsonFormat:
    """JSON in UTF-8, or in the declared encoding of the response."""

    accept: ClassVar[str] = "application/json, */*;q=0.5"
    unmapped: ClassVar[Literal["text"]] = "text"

    def __init__(self, settings: FormatSettings) -> None:
        """Accept the settings; none are used."""

    def decode(self, content: bytes, media_type: str) -> Any:
        """Decode a response; see ``Format.decode``."""
        return _json.loads(to_utf8(content, media_type))


def to_json_value(value: Any) -> Any:
    """Convert a value and its members into JSON values.

    Bytes become base64, dates and times ISO 8601, decimals numbers if a float keeps all their digits and text otherwise;
    NaN and infinity become null.

    Raises:
        ValueError: The value is nested too deeply.
    """
    try:
        return _convert(value)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def shortest_float32(value: float) -> float:
    """Return a 32-bit float rounded to the fewest digits that identify it."""
    packed = struct.pack("f", value)
    for digits in range(6, 9):
        rounded = float(f"{value:.{digits}g}")
        if struct.pack("f", rounded) == packed:
            return rounded
    return value


def _convert(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _convert(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_convert(each) for each in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, date | time):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, Decimal):
        number = _json.parse_number(str(value), exact=True)
        return str(value) if number is None else number
    return str(value) if isinstance(value, UUID) else value
