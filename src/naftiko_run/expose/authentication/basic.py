"""``basic``: RFC 7617, one user name and password in UTF-8."""

from __future__ import annotations

from base64 import b64decode

from naftiko_run.capability.access import GuardSettings
from naftiko_run.expose.authentication.guard import Challenge, Guard, Refused, credentials, is_same
from naftiko_run.expose.exposer import Scope


def compile_guard(block: GuardSettings) -> Guard:
    """Compile ``{type: basic, username, password}``."""
    username, password = block.text("username"), block.text("password")
    if ":" in username:
        raise ValueError("the user name of basic authentication must not contain a colon")
    expected = f"{username}:{password}"

    async def check(scope: Scope) -> None:
        encoded = credentials(scope, "basic")
        if encoded is None or not is_same(_decoded(encoded), expected):
            detail = (
                "The user name or the password is wrong"
                if encoded
                else "A user name and a password are required"
            )
            raise Refused(detail, Challenge("Basic", realm=block.realm, charset="UTF-8"))

    return Guard(check)


def _decoded(encoded: str) -> str:
    try:
        return b64decode(encoded, validate=True).decode()
    except ValueError:
        return ""
