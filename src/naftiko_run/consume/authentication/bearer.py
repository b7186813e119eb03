"""``bearer``: RFC 6750, the token in the Authorization header."""

from __future__ import annotations

from naftiko_run.consume.authentication.credential import Text
from naftiko_run.consume.authentication.header import HeaderAuthentication
from naftiko_run.consume.exchange import Authentication
from naftiko_run.document.model import Authentication as AuthenticationModel


def compile_scheme(model: AuthenticationModel, text: Text) -> Authentication:
    """Compile ``{type: bearer, token}``."""
    template = str(model.settings.get("token") or "")
    if not template:
        raise ValueError("bearer authentication needs a `token`")
    token = text(template)
    if token[:7].casefold() == "bearer ":
        token = token[7:]
    return HeaderAuthentication((("Authorization", f"Bearer {token}"),))
