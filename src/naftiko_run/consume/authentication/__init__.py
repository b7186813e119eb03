"""Outbound authentication schemes, one module each, looked up among installed entry points by ``type``."""

from __future__ import annotations

from naftiko_run import plugins
from naftiko_run.consume.authentication.scheme import AuthenticationBlock, AuthenticationScheme, Text
from naftiko_run.document.model import Authentication

_AMAZON_HEADERS = ("authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token")


def compile_authentication(block: AuthenticationBlock) -> AuthenticationScheme:
    """Compile an authentication block whose scheme is installed.

    Raises:
        ValueError: A setting is missing or not supported by the scheme.
    """
    scheme: AuthenticationScheme = plugins.find(plugins.AUTHENTICATIONS, block.type)(block)
    return scheme


def installed() -> tuple[str, ...]:
    """Return the types of the installed schemes, sorted."""
    return plugins.installed(plugins.AUTHENTICATIONS)


def credential_parameters(model: Authentication | None) -> frozenset[tuple[str, str]]:
    """Return the parameters that an authentication sets, as (location, name in lower case)."""
    if model is None or model.type == "certificate":
        return frozenset()
    if model.type == "apikey":
        return frozenset((key["placement"], key["key"].casefold()) for key in model.settings["keys"])
    names = _AMAZON_HEADERS if model.type == "aws-sig-v4" else ("authorization",)
    return frozenset(("header", name) for name in names)


__all__ = ["AuthenticationBlock", "Text", "compile_authentication", "credential_parameters", "installed"]
