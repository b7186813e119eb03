"""Values of binary formats, as JSON can carry them."""

from __future__ import annotations

import math
import struct
from base64 import b64encode
from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from naftiko_run import _json


def plain(value: Any) -> Any:
    """Give a value as JSON can carry it, members and all.

    Bytes are base64, times ISO 8601, decimals numbers where a float keeps all
    their digits and text elsewhere; what is no number is null.

    Raises:
        ValueError: It is nested too deeply.
    """
    try:
        return _plain(value)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def single(value: float) -> float:
    """Give a number of 32 bits with the digits that it was written with."""
    packed = struct.pack("f", value)
    for digits in range(6, 9):
        rounded = float(f"{value:.{digits}g}")
        if struct.pack("f", rounded) == packed:
            return rounded
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
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
