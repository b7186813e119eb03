"""``bearer``: RFC 6750, the token in the Authorization header."""

from __future__ import annotations

from naftiko_run.consume.authentication.scheme import (
    AuthenticationBlock,
    AuthenticationScheme,
    StaticCredentials,
)


def compile_scheme(block: AuthenticationBlock) -> AuthenticationScheme:
    """Compile ``{type: bearer, token}``."""
    return bearer_credentials(block.required("token"))


def bearer_credentials(token: str) -> StaticCredentials:
    """Return the scheme that sends a token; a ``Bearer`` prefix of the token is ignored."""
    if token[:7].casefold() == "bearer ":
        token = token[7:]
    return StaticCredentials((("Authorization", f"Bearer {token}"),))
