"""Which requests may be retried after a lost connection."""

from __future__ import annotations

from typing import Final

from naftiko_run.http.messages import OutgoingRequest

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Idempotent methods (RFC 9110, 9.2.2)."""


def may_retry(request: OutgoingRequest) -> bool:
    """Return whether a request may be sent again although the first attempt may have been processed."""
    return request.method in _IDEMPOTENT and request.is_repeatable
