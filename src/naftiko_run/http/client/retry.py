"""Which requests may be sent a second time, where the first may have been lost."""

from __future__ import annotations

from typing import Final

from naftiko_run.http.messages import OutgoingRequest

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods whose requests mean the same sent twice (RFC 9110, 9.2.2)."""


def may_retry(request: OutgoingRequest) -> bool:
    """Whether a request may be sent again, though nobody knows what became of it."""
    return request.method in _IDEMPOTENT and request.is_repeatable
