"""Stateless nonces: a timestamp, signed with a key that every replica derives from the same secret."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Final

LIFETIME: Final = 60
"""Seconds for which a nonce is fresh, and in which an intercepted request could be replayed."""

_COST: Final = 2**14


class NonceFactory:
    """Create and verify nonces; replicas with the same secret accept each other's nonces.

    The key is stretched, so that testing passwords offline against a nonce is not faster than against the server.

    Args:
        secret: The secret that the replicas share.
        salt: Distinguishes keys with the same secret, such as by realm.
        lifetime: Seconds for which a nonce is fresh.
    """

    def __init__(self, secret: str, salt: str, lifetime: float = LIFETIME) -> None:
        self._key = hashlib.scrypt(secret.encode(), salt=salt.encode(), n=_COST, r=8, p=1, dklen=32)
        self._lifetime = lifetime

    def create(self) -> str:
        """Return a fresh nonce."""
        return self._signed(f"{time.time_ns() // 1_000_000:x}")

    def is_fresh(self, nonce: str) -> bool:
        """Whether a nonce is authentic, and neither too old nor too far in the future."""
        written, _, _ = nonce.partition(".")
        if not hmac.compare_digest(self._signed(written).encode(), nonce.encode("utf-8", "replace")):
            return False
        return abs(time.time() - int(written, 16) / 1000) <= self._lifetime

    def _signed(self, written: str) -> str:
        signature = hmac.new(self._key, written.encode("utf-8", "replace"), hashlib.sha256)
        return f"{written}.{signature.hexdigest()}"
