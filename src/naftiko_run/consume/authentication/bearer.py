"""``bearer``: RFC 6750, the token in the Authorization header."""

from __future__ import annotations

from naftiko_run.consume.authentication.scheme import Authentication, AuthenticationBlock
from naftiko_run.consume.authentication.static_credentials import HeaderAuthentication


def compile_scheme(block: AuthenticationBlock) -> Authentication:
    """Compile ``{type: bearer, token}``."""
    return bearing(block.required("token"))


def bearing(token: str) -> HeaderAuthentication:
    """Give the scheme that sends a token; one that has its scheme's name before it already is taken too."""
    if token[:7].casefold() == "bearer ":
        token = token[7:]
    return HeaderAuthentication((("Authorization", f"Bearer {token}"),))
