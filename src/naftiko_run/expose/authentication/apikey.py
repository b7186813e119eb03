"""``apikey``: one or several keys, each in a header, the query or a cookie; all of them are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from naftiko_run.capability.access import GuardSettings
from naftiko_run.expose.authentication.guard import Challenge, Guard, Refused, is_same
from naftiko_run.expose.exposer import Scope


@dataclass(frozen=True, slots=True)
class Key:
    """A key that callers must bring.

    Attributes:
        name: Of the header, query parameter or cookie.
        place: ``header``, ``query`` or ``cookie``.
        expected: Its value.
    """

    name: str
    place: str
    expected: str = field(repr=False)

    def is_in(self, scope: Scope) -> bool:
        """Whether a request brings it: once, and right."""
        given = _READERS[self.place](scope, self.name)
        return len(given) == 1 and is_same(given[0], self.expected)


def compile_guard(block: GuardSettings) -> Guard:
    """Compile ``{type: apikey, key, value, placement}``, or several of these."""
    keys = [_key(written, block) for written in block.settings["keys"]]
    if not keys:
        raise ValueError("it needs a `key` and a `value`")
    challenges = [Challenge("ApiKey", realm=block.realm, **{"in": key.place}, name=key.name) for key in keys]
    asked = " and ".join(f"`{key.name}` ({key.place})" for key in keys)
    detail = f"This needs the right key in {asked}"

    async def check(scope: Scope) -> None:
        found = [key.is_in(scope) for key in keys]  # each of them: the time does not tell which one is wrong
        if not all(found):
            raise Refused(detail, *challenges)
        for key in keys:
            if key.place == "query":
                _take_from_query(scope, key.name)

    return Guard(check)


def _key(written: dict[str, Any], block: GuardSettings) -> Key:
    place, name = written["placement"], written["key"]
    if place not in _READERS:
        raise ValueError(f"a key cannot be asked for in `{place}`; it can in {', '.join(_READERS)}")
    value = block.secret(written["value"]).reveal()
    if not value:
        raise ValueError("it needs a `value`")
    return Key(name, place, value)


def _in_header(scope: Scope, name: str) -> list[str]:
    wanted = name.lower().encode()
    return [_text(value) for key, value in scope["headers"] if key == wanted]


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


def _take_from_query(scope: Scope, name: str) -> None:
    """Take a key out of the query: what opened this door is nobody's business behind it."""
    left = [pair for pair in _pairs(scope) if unquote_plus(pair.partition("=")[0]) != name]
    scope["query_string"] = "&".join(left).encode("latin-1")


def _pairs(scope: Scope) -> list[str]:
    query: bytes = scope["query_string"]
    return query.decode("latin-1").split("&")


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
