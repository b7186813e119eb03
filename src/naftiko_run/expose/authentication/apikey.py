"""``apikey``: one or more API keys in headers, the query or cookies; all of them are required."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from naftiko_run.capability.access import GuardSettings
from naftiko_run.expose.authentication.guard import Challenge, Guard, Refused, is_same
from naftiko_run.expose.exposer import Scope


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key that requests must have.

    Attributes:
        name: The name of the header, query parameter or cookie.
        place: ``header``, ``query`` or ``cookie``.
        expected: The value of the key.
    """

    name: str
    place: str
    expected: str = field(repr=False)

    def is_in(self, scope: Scope) -> bool:
        """Whether a request has the key exactly once, with the expected value."""
        values = _READERS[self.place](scope, self.name)
        return len(values) == 1 and is_same(values[0], self.expected)


def compile_guard(block: GuardSettings) -> Guard:
    """Compile ``{type: apikey, key, value, placement}``, or several of these."""
    keys = [_key(written, block) for written in block.settings["keys"]]
    if not keys:
        raise ValueError("it needs a `key` and a `value`")
    challenges = [Challenge("ApiKey", realm=block.realm, **{"in": key.place}, name=key.name) for key in keys]
    required = " and ".join(f"`{key.name}` ({key.place})" for key in keys)
    detail = f"A valid key is required in {required}"

    async def check(scope: Scope) -> None:
        found = [
            key.is_in(scope) for key in keys
        ]  # all are checked, so that timing does not reveal which is wrong
        if not all(found):
            raise Refused(detail, *challenges)
        for key in keys:
            if key.place == "query":
                _remove_from_query(scope, key.name)

    return Guard(check)


def _key(written: dict[str, Any], block: GuardSettings) -> ApiKey:
    place, name = written["placement"], written["key"]
    if place not in _READERS:
        raise ValueError(
            f"an API key cannot be required in `{place}`; supported placements: {', '.join(_READERS)}"
        )
    value = block.secret(written["value"]).reveal()
    if not value:
        raise ValueError("it needs a `value`")
    return ApiKey(name, place, value)


def _in_header(scope: Scope, name: str) -> list[str]:
    lower_name = name.lower().encode()
    return [_text(value) for key, value in scope["headers"] if key == lower_name]


def _in_query(scope: Scope, name: str) -> list[str]:
    return [
        unquote_plus(value)
        for key, _, value in (pair.partition("=") for pair in _pairs(scope))
        if unquote_plus(key) == name
    ]


def _in_cookie(scope: Scope, name: str) -> list[str]:
    cookies = ";".join(_in_header(scope, "cookie")).split(";")
    pairs = (cookie.partition("=") for cookie in cookies)
    return [value.strip().strip('"') for key, _, value in pairs if key.strip() == name]


_READERS: dict[str, Callable[[Scope, str], list[str]]] = {
    "header": _in_header,
    "query": _in_query,
    "cookie": _in_cookie,
}


def _remove_from_query(scope: Scope, name: str) -> None:
    """Remove a key from the query, so that endpoints do not see the credential."""
    remaining = [pair for pair in _pairs(scope) if unquote_plus(pair.partition("=")[0]) != name]
    scope["query_string"] = "&".join(remaining).encode("latin-1")


def _pairs(scope: Scope) -> list[str]:
    query: bytes = scope["query_string"]
    return query.decode("latin-1").split("&")


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
