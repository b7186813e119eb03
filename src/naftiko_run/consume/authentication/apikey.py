"""``apikey``: one or several keys in headers, the query or cookies."""

from __future__ import annotations

from collections.abc import Callable

from naftiko_run.consume.authentication.header import HeaderAuthentication
from naftiko_run.consume.exchange import Authentication
from naftiko_run.document.model import Authentication as AuthenticationModel
from naftiko_run.expressions import encode


def compile_scheme(model: AuthenticationModel, text: Callable[[str], str]) -> Authentication:
    """Compile the keys of an apikey block.

    Raises:
        ValueError: A key is placed where keys cannot be.
    """
    placed: dict[str, list[tuple[str, str]]] = {"header": [], "query": [], "cookie": []}
    for key in model.settings["keys"]:
        if key["placement"] not in placed:
            raise ValueError(
                f"an API key cannot travel in `{key['placement']}`; it can in {', '.join(placed)}"
            )
        placed[key["placement"]].append((key["key"], text(key["value"])))
    return HeaderAuthentication(
        headers=tuple(placed["header"]),
        query="&".join(f"{encode(name)}={encode(value)}" for name, value in placed["query"]),
        cookie="; ".join(f"{name}={value}" for name, value in placed["cookie"]),
    )
