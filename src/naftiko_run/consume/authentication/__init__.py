"""Outbound authentication schemes, one module each, found by their ``type``."""

from __future__ import annotations

from collections.abc import Callable

from naftiko_run.consume.authentication import apikey, basic, bearer
from naftiko_run.consume.authentication.credential import Text
from naftiko_run.consume.exchange import Authentication
from naftiko_run.document.model import Authentication as AuthenticationModel

_SCHEMES: dict[str, Callable[[AuthenticationModel, Text], Authentication]] = {
    "apikey": apikey.compile_scheme,
    "basic": basic.compile_scheme,
    "bearer": bearer.compile_scheme,
}

SUPPORTED = tuple(sorted(_SCHEMES))


def is_supported(model: AuthenticationModel) -> bool:
    """Whether there is a scheme of this type."""
    return model.type in _SCHEMES


def compile_authentication(model: AuthenticationModel, text: Text) -> Authentication:
    """Compile a supported authentication block.

    Args:
        model: The block.
        text: Gives the value of each template in it.

    Raises:
        ValueError: The block lacks something, or asks for what its scheme does not have.
    """
    return _SCHEMES[model.type](model, text)


def credentials_given(model: AuthenticationModel | None) -> frozenset[tuple[str, str]]:
    """Give the parameters that an authentication fills in, as (place, name in lower case)."""
    if model is None:
        return frozenset()
    if model.type == "apikey":
        return frozenset((key["placement"], key["key"].casefold()) for key in model.settings["keys"])
    return frozenset({("header", "authorization")})


__all__ = ["SUPPORTED", "Text", "compile_authentication", "credentials_given", "is_supported"]
