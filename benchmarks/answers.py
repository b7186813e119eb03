"""What the upstream answers, and what is asked of everything that is measured."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

USER: Final = "bench"
PASSWORD: Final = "bench-password"  # noqa: S105 - nobody's: the upstream is ours, on loopback
BASIC: Final = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()
BEARER: Final = f"Bearer {PASSWORD}"


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _padded(value: dict[str, Any], length: int) -> bytes:
    """Give an object that is so many bytes long."""
    return _json({**value, "padding": "x" * (length - len(_json({**value, "padding": ""})))})


EVENT: Final = _padded(
    {"userId": "42", "event": "signed_up", "properties": {"plan": "pro", "seats": 12, "trial": False}}, 200
)
"""What is posted."""
TRACKED: Final = _padded({"success": True, "id": "evt_01H8XGJWBWBAQ4"}, 200)
"""What comes back."""
ITEM: Final = _padded(
    {
        "id": 7,
        "name": "Northern Star",
        "owner": {"name": "Ann", "address": {"city": "Lisbon", "country": "PT"}},
        "prices": [{"amount": "12.50", "currency": "EUR"}, {"amount": "13.70", "currency": "USD"}],
        "tags": [{"name": f"tag-{number}"} for number in range(20)],
    },
    2_000,
)
"""What the output mapping takes five fields of."""
ITEM_MAPPED: Final[Mapping[str, Any]] = {
    "id": 7,
    "name": "Northern Star",
    "owner": "Ann",
    "city": "Lisbon",
    "price": 12.5,
}
ORDER: Final = _json({"id": "o-1", "customer": "Ann", "products": ["p-17", "p-500", "p-999"]})
PRODUCTS: Final = _json(
    [
        {"id": f"p-{number}", "name": f"Product {number}", "price": number / 4, "stock": number % 7}
        for number in range(1_000)
    ]
)
"""What the lookup searches in."""
ORDER_RESOLVED: Final[Mapping[str, Any]] = {
    "customer": "Ann",
    "products": [{"name": f"Product {number}", "price": number / 4} for number in (17, 500, 999)],
}

SIZES: Final = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
"""Lengths of the bodies whose growth is measured."""
HUGE: Final = 1_000_000_000
"""The length of the one that must stream."""


def sized(length: int) -> bytes:
    """Give a JSON object that is so many bytes long."""
    return _padded({"size": length}, length)


def stored() -> dict[str, bytes]:
    """Give what the upstream answers to GET, by path."""
    return {
        "/item": ITEM,
        "/orders/o-1": ORDER,
        "/products": PRODUCTS,
        **{f"/bodies/{length}": sized(length) for length in SIZES},
    }
