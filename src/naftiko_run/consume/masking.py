"""Mask credentials of request URLs in responses, because upstreams may echo the URL."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from urllib.parse import quote, quote_plus

from naftiko_run import _json
from naftiko_run.expressions import Expression
from naftiko_run.http.messages import StreamedResponse, UpstreamResponse
from naftiko_run.secret import MASK

_MIN_LENGTH: Final = 8
"""Shorter bindings are not treated as credentials. Shorter keys, and numbers, are masked only together with the text
before them in the URL."""
_SLICE: Final = 1024 * 1024
"""How many bytes of a body are masked before control returns to the event loop."""
_CORE: Final = re.compile("[0-9A-Za-z]+")
"""The parts of a secret that no encoding changes."""
_JSON_ESCAPED: Final = ("<>&", "<>&'=", "<>&'\"+`")
"""Characters that JSON encoders escape to make the result safe in HTML: Go and PHP, Gson, .NET."""
_HTML_ESCAPED: Final[tuple[dict[str, str], ...]] = (
    {},
    {"'": "&#x27;", '"': "&quot;"},
    {"'": "&#39;", '"': "&#34;"},
    {"'": "&#39;", '"': "&quot;", "+": "&#43;"},
    {"'": "&#x27;", '"': "&quot;", "+": "&#x2B;"},
    {"'": "&#039;", '"': "&quot;"},
)
"""What HTML encoders escape besides ``&``, ``<`` and ``>``: JavaScript, Python, Go, .NET, PHP."""


@dataclass(slots=True)
class UrlSecrets:
    """The secrets in the URLs of an operation.

    Attributes:
        credentials: Values from an authentication scheme.
        values: Values of bindings, which may be credentials.
        places: Each secret with the text before it in the URL.
    """

    credentials: set[str] = field(default_factory=set, repr=False)
    values: set[str] = field(default_factory=set, repr=False)
    places: set[tuple[str, str]] = field(default_factory=set, repr=False)

    def __bool__(self) -> bool:
        return bool(self.places)

    def add(self, before: str, value: str, *, is_credential: bool = False) -> None:
        """Add a value, with the text before it in the URL."""
        if is_credential and value:
            self.credentials.add(value)
            self.places.add((before, value))
        elif len(value) >= _MIN_LENGTH:
            self.values.add(value)
            self.places.add((before, value))

    def add_all(self, before: str, values: Iterable[str]) -> None:
        """Add values that have the same text before them in the URL."""
        for value in values:
            self.add(before, value)

    def __or__(self, other: UrlSecrets) -> UrlSecrets:
        return UrlSecrets(
            self.credentials | other.credentials, self.values | other.values, self.places | other.places
        )


def revealed_in(expression: Expression, values: Iterable[str]) -> tuple[str, ...]:
    """Return the values of bindings in an expression, and the constant text that contains them."""
    found = [value for value in values if value != MASK]
    if found and not expression.names:
        text = expression.evaluate({})
        found += [text] if isinstance(text, str) else []
    return tuple(dict.fromkeys(found))


class Mask:
    """Mask the secrets in the URLs of an operation.

    Credentials of an authentication scheme are masked everywhere. So are values of bindings in failed responses; in
    successful ones, which may contain them as data, they are masked only together with the text before them in the URL.

    Args:
        secrets: The secrets to mask.
    """

    def __init__(self, secrets: UrlSecrets) -> None:
        self._secrets = secrets

    async def response(self, response: UpstreamResponse, *, is_binary: bool = False) -> UpstreamResponse:
        """Return a response with the secrets masked; only in the headers if the body is binary."""
        table = self._failure_table if response.status >= 300 else self._success_table
        headers = table.headers(response.headers)
        if is_binary and response.status < 300:
            return response.copy(headers=headers)
        if isinstance(response, StreamedResponse):
            # Masking may change the length.
            headers = tuple(each for each in headers if each[0] != "content-length")
            return response.copy(headers=headers, chunks=table.stream(response.chunks))
        if len(response.body) > _SLICE:
            body = b"".join([each async for each in table.stream(_in_slices(response.body))])
        else:
            body = table.content(response.body)
        return response.copy(headers=headers, body=body)

    def extended(self, secrets: UrlSecrets) -> Mask:
        """Return a mask for additional secrets."""
        return Mask(self._secrets | secrets)

    def text(self, text: str) -> str:
        """Return a URL, or other text of a failed call, with the secrets masked."""
        return self._failure_table.text(text)

    @cached_property
    def _success_table(self) -> _Table:
        return self._table(self._secrets.credentials)

    @cached_property
    def _failure_table(self) -> _Table:
        return self._table(self._secrets.credentials | self._secrets.values)

    def _table(self, anywhere: Iterable[str]) -> _Table:
        cores = {max(_CORE.findall(value), key=len, default="").encode() for _, value in self._secrets.places}
        return _Table(_variants(self._secrets, anywhere), cores)


class _Table:
    """A table of replacements.

    Args:
        variants: Each encoding of each secret, and its replacement.
        cores: Byte strings of which every text with a secret contains at least one.
    """

    def __init__(self, variants: Iterable[tuple[str, str]], cores: Iterable[bytes]) -> None:
        table = {secret.encode(): masked.encode() for secret, masked in variants}
        self._table = sorted(table.items(), key=lambda each: len(each[0]), reverse=True)
        self._longest = len(self._table[0][0])
        self._first_bytes = frozenset(secret[0] for secret in table)
        self._cores = frozenset(cores)

    def content(self, content: bytes) -> bytes:
        # Fast path: most content contains no secret in any encoding.
        if any(core in content for core in self._cores):
            for secret, masked in self._table:
                content = content.replace(secret, masked)
        return content

    def text(self, text: str) -> str:
        return self.content(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")

    def headers(self, headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        values = "\n".join([value for _, value in headers])
        masked = self.text(values)
        if masked == values:
            return headers
        return tuple((name, value) for (name, _), value in zip(headers, masked.split("\n"), strict=True))

    async def stream(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Mask a streamed body; bytes that may be the beginning of a secret are held back until the next chunk."""
        held = b""
        async for chunk in chunks:
            data = self.content(held + chunk)
            end = self._safe_end(data)
            held = data[end:]
            if end:
                yield data[:end]
        if held:
            yield held

    def _safe_end(self, data: bytes) -> int:
        """Return the start of the longest suffix of the data that may be the beginning of a secret."""
        for start in range(max(0, len(data) - self._longest + 1), len(data)):
            if data[start] in self._first_bytes and any(
                secret.startswith(data[start:]) for secret, _ in self._table
            ):
                return start
        return len(data)


async def _in_slices(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), _SLICE):
        yield content[start : start + _SLICE]
        await asyncio.sleep(0)


def _variants(secrets: UrlSecrets, anywhere: Iterable[str]) -> Iterator[tuple[str, str]]:
    for value in anywhere:
        if len(value) >= _MIN_LENGTH and not value.isdecimal():
            for written in _encodings(value):
                yield written, MASK
    for before, value in secrets.places:
        prefixes = {*_escaped(before), before.replace("/", "\\/")}
        for written in _encodings(value):
            for prefix in prefixes:
                yield prefix + written, prefix + MASK


def _encodings(value: str) -> set[str]:
    """Return the ways to write a value in a URL, in JSON and in HTML."""
    encoded = {quote(value, safe=""), quote(value, safe="/%:@!$&'()*+,;=~"), quote_plus(value)}
    lower = {re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), each) for each in encoded}
    in_json = {_json.dumps(value).decode()[1:-1], json.dumps(value)[1:-1]}
    in_json |= {each.replace("/", "\\/") for each in in_json}
    return {
        value,
        *lower,
        *(each for text in (*in_json, *encoded) for each in _escaped(text)),
        *_in_html(value),
    }


def _escaped(text: str) -> set[str]:
    """Return a JSON text with and without its optional escapes."""
    found = {text}
    for characters in _JSON_ESCAPED:
        for written in ("\\u%04x", "\\u%04X"):
            escapes = {ord(each): written % ord(each) for each in characters}
            # JSON has escaped quotation marks already.
            found.add(
                text.replace('\\"', '"').translate(escapes) if '"' in characters else text.translate(escapes)
            )
    return found


def _in_html(value: str) -> Iterator[str]:
    text = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for entities in _HTML_ESCAPED:
        yield "".join([entities.get(each, each) for each in text])
