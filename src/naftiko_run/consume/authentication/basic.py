"""``basic``: RFC 7617, user name and password in UTF-8."""

from __future__ import annotations

from base64 import b64encode

from naftiko_run.consume.authentication.credential import Text
from naftiko_run.consume.authentication.header import HeaderAuthentication
from naftiko_run.consume.exchange import Authentication
from naftiko_run.document.model import Authentication as AuthenticationModel


def compile_scheme(model: AuthenticationModel, text: Text) -> Authentication:
    """Compile ``{type: basic, username, password}``; an empty password is allowed.

    Raises:
        ValueError: There is neither, or the user name cannot be told from the password.
    """
    if not (model.settings.get("username") or model.settings.get("password")):
        raise ValueError("basic authentication needs a `username` and a `password`")
    username = text(str(model.settings.get("username") or ""))
    password = text(str(model.settings.get("password") or ""), may_be_empty=True)
    if ":" in username:
        raise ValueError("a user name of basic authentication cannot hold a colon")
    credentials = b64encode(f"{username}:{password}".encode()).decode()
    return HeaderAuthentication((("Authorization", f"Basic {credentials}"),))
