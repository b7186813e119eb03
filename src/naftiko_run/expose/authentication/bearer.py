"""``bearer``: RFC 6750, one static token."""

from __future__ import annotations

from naftiko_run.capability.access import GuardSettings
from naftiko_run.expose.authentication.guard import Challenge, Guard, Refused, credentials, is_same
from naftiko_run.expose.exposer import Scope


def compile_guard(block: GuardSettings) -> Guard:
    """Compile ``{type: bearer, token}``; the token may have a ``Bearer`` prefix."""
    expected = block.text("token")
    if expected[:7].casefold() == "bearer ":
        expected = expected[7:].strip()
    if not expected:
        raise ValueError("it needs a `token`")

    async def check(scope: Scope) -> None:
        token = credentials(scope, "bearer")
        if token is None:
            raise Refused("A bearer token is required", Challenge("Bearer", realm=block.realm))
        if not is_same(token, expected):
            detail = "The token is not valid"
            challenge = Challenge(
                "Bearer", realm=block.realm, error="invalid_token", error_description=detail
            )
            raise Refused(detail, challenge)

    return Guard(check)
