"""``basic``: RFC 7617, user name and password in UTF-8."""

from __future__ import annotations

from base64 import b64encode

from naftiko_run.consume.authentication.scheme import (
    AuthenticationBlock,
    AuthenticationScheme,
    StaticCredentials,
)


def compile_scheme(block: AuthenticationBlock) -> AuthenticationScheme:
    """Compile ``{type: basic, username, password}``; an empty password is allowed.

    Raises:
        ValueError: Both are missing, or the user name contains a colon.
    """
    if not (block.settings.get("username") or block.settings.get("password")):
        raise ValueError("basic authentication needs a `username` and a `password`")
    username = block.value("username")
    password = block.value("password", may_be_empty=True)
    if ":" in username:
        raise ValueError("the user name of basic authentication must not contain a colon")
    credentials = b64encode(f"{username}:{password}".encode()).decode()
    return StaticCredentials((("Authorization", f"Basic {credentials}"),))
