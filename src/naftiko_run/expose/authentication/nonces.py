"""Nonces that no server has to remember: a time, signed with what every replica knows."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Final

LIFETIME: Final = 60
"""Seconds for which a nonce is fresh, and in which who listens in could send a request again."""

_COST: Final = 2**14


class Nonces:
    """Makes nonces, and knows its own again; so does every replica with the same secret.

    The key is stretched: everyone is given nonces, and should not be able to
    try passwords on one faster than on the server.

    Args:
        secret: What the replicas share.
        salt: What else sets the key apart, such as the realm.
        lifetime: Seconds for which a nonce is fresh.
    """

    def __init__(self, secret: str, salt: str, lifetime: float = LIFETIME) -> None:
        self._key = hashlib.scrypt(secret.encode(), salt=salt.encode(), n=_COST, r=8, p=1, dklen=32)
        self._lifetime = lifetime

    def make(self) -> str:
        """Return a fresh nonce."""
        return self._signed(f"{time.time_ns() // 1_000_000:x}")

    def is_fresh(self, nonce: str) -> bool:
        """Whether a nonce is one of these, and not too old; nor from a clock too far ahead."""
        written, _, _ = nonce.partition(".")
        if not hmac.compare_digest(self._signed(written).encode(), nonce.encode("utf-8", "replace")):
            return False
        return abs(time.time() - int(written, 16) / 1000) <= self._lifetime

    def _signed(self, written: str) -> str:
        signature = hmac.new(self._key, written.encode("utf-8", "replace"), hashlib.sha256)
        return f"{written}.{signature.hexdigest()}"
