"""Mask credentials of request URLs in responses, because upstreams may echo the URL."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final
from urllib.parse import quote

from naftiko_run.expressions import Expression
from naftiko_run.http.messages import StreamedResponse, UpstreamResponse
from naftiko_run.secret import MASK

_MIN_LENGTH: Final = 8
"""Shorter bindings are not treated as credentials. Shorter keys, and numbers, are masked only together with the text
before them in the URL."""
_SLICE: Final = 64 * 1024
"""How many bytes of a body are masked before control returns to the event loop."""
_CORE: Final = re.compile("[0-9A-Za-z]+")
"""The parts of a secret that most encodings do not change."""
_MAX_NESTING: Final = 3
"""How many encoders in a row a secret is recognized after, such as a URL in a URL in JSON."""
_HTML_SAFE: Final = {ord(each): f"\\u{ord(each):04x}" for each in "<>&'=+`"}
"""Characters that JSON encoders escape to make the result safe in HTML."""
_MASKED: Final = MASK.encode()
_ENTITIES: Final = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}


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
        return _Table(self._secrets.places, self._secrets.credentials)

    @cached_property
    def _failure_table(self) -> _Table:
        return _Table(self._secrets.places, self._secrets.credentials | self._secrets.values)


class _Table:
    """Finds secrets in any encoding and any case, and masks them.

    Args:
        places: Each secret with the text before it in the URL, together with which it is masked.
        anywhere: The secrets that are masked wherever they are.
    """

    def __init__(self, places: Iterable[tuple[str, str]], anywhere: Collection[str]) -> None:
        befores: dict[str, set[str]] = {}
        for before, value in places:
            befores.setdefault(value, set()).add(before)
        for value in anywhere:
            if len(value) >= _MIN_LENGTH and not value.isdecimal():
                befores[value] = {""}
        self._secrets = tuple(_EncodedSecret(value, befores[value]) for value in befores)

    def content(self, content: bytes) -> bytes:
        lowered = content.lower()
        found = sorted(span for secret in self._secrets for span in secret.find(lowered))
        if not found:
            return content
        parts = []
        masked_to = 0
        for start, end in found:
            if start >= masked_to:
                parts += [content[masked_to:start], _MASKED]
            masked_to = max(masked_to, end)
        return b"".join([*parts, content[masked_to:]])

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
        return min(secret.safe_end(data) for secret in self._secrets)


class _EncodedSecret:
    """Finds one secret in lower-case text, in which each character may be encoded.

    Args:
        value: The secret.
        befores: The texts of which one precedes the secret; an empty one for a secret that is found anywhere.
    """

    def __init__(self, value: str, befores: Iterable[str]) -> None:
        core = max(_CORE.findall(value), key=len, default="")
        self._anchor = value.index(core)
        """The index of the character by which the secret is searched."""
        self._value = [_spellings(each) for each in value]
        self._befores = [[_spellings(each) for each in before] for before in befores]
        self._signs = _signs(core, self._value[self._anchor].texts)
        self._unescaped_signs = {
            sign: texts for sign, texts in self._signs.items() if not core or texts == [sign]
        }
        self._patterns = [before + self._value for before in self._befores]
        self._first = frozenset(text[0] for pattern in self._patterns for text in pattern[0].texts)
        self._alphabet = bytes(
            {byte for each in self._patterns for it in each for byte in b"".join(it.texts)}
        )
        self._longest = max(sum(len(each.texts[0]) for each in pattern) for pattern in self._patterns)

    def find(self, lowered: bytes) -> Iterator[tuple[int, int]]:
        """Yield the start and the end of each occurrence."""
        for at in self._anchors(lowered):
            ends = _ends(lowered, {at}, self._value[self._anchor :])
            starts = _starts(lowered, {at}, self._value[: self._anchor]) if ends else ()
            preceded = [
                start
                for start in starts
                if any(_starts(lowered, {start}, before) for before in self._befores)
            ]
            if preceded:
                yield min(preceded), max(ends)

    def safe_end(self, data: bytes) -> int:
        """Return the start of the longest suffix of the data that may be the beginning of an occurrence."""
        tail = data[-self._longest :].lower()
        offset = len(data) - len(tail)
        for start in range(len(tail.rstrip(self._alphabet)), len(tail)):
            if tail[start] in self._first and any(_begins(tail, start, each) for each in self._patterns):
                return offset + start
        return len(data)

    def _anchors(self, lowered: bytes) -> Iterator[int]:
        # Fast path: most content contains neither escapes nor the core.
        has_escapes = b"%" in lowered or b"\\" in lowered
        for sign, texts in (self._signs if has_escapes else self._unescaped_signs).items():
            end = lowered.find(sign) + len(sign)
            while end >= len(sign):
                for text in texts:
                    if lowered.endswith(text, 0, end):
                        yield end - len(text)
                end = lowered.find(sign, end - len(sign) + 1) + len(sign)


def _signs(core: str, spellings: Iterable[bytes]) -> dict[bytes, list[bytes]]:
    """Return byte strings of which every text with a secret contains at least one.

    Args:
        core: Letters and digits of the secret, in a row; empty if it has none.
        spellings: The spellings of the first character of the core, or of the secret.

    Returns:
        The spellings that end with each byte string; the core itself is its own.
    """
    signs: dict[bytes, list[bytes]] = {}
    for text in spellings:
        if not core:
            signs[text] = [text]
        elif len(text) > 1:
            signs.setdefault(text[-3:] if text[-3:].startswith(b"%") else text[-4:], []).append(text)
        else:  # not encoded, and neither are those after it
            signs[core.lower().encode()] = [core.lower().encode()]
    return signs


@dataclass(frozen=True, slots=True)
class _Spellings:
    """The encodings of a character in lower case.

    Attributes:
        texts: All of them, the longest first.
        by_first: They by their first byte.
        by_last: They by their last byte.
    """

    texts: tuple[bytes, ...]
    by_first: Mapping[int, Sequence[bytes]]
    by_last: Mapping[int, Sequence[bytes]]


def _ends(content: bytes, starts: set[int], pattern: Iterable[_Spellings]) -> set[int]:
    """Return where a pattern ends in the content if it starts at one of some positions."""
    for each in pattern:
        starts = {
            at + len(text)
            for at in starts
            if at < len(content)
            for text in each.by_first.get(content[at], ())
            if content.startswith(text, at)
        }
        if not starts:
            break
    return starts


def _starts(content: bytes, ends: set[int], pattern: Sequence[_Spellings]) -> set[int]:
    """Return where a pattern starts in the content if it ends at one of some positions."""
    for each in reversed(pattern):
        ends = {
            at - len(text)
            for at in ends
            if at
            for text in each.by_last.get(content[at - 1], ())
            if content.endswith(text, 0, at)
        }
        if not ends:
            break
    return ends


def _begins(content: bytes, start: int, pattern: Iterable[_Spellings]) -> bool:
    """Return whether the content from a position on is the beginning of a pattern, but not all of it."""
    starts = {start}
    for each in pattern:
        for at in starts:
            rest = content[at : at + len(each.texts[0])]
            if at + len(rest) == len(content) and any(
                text.startswith(rest) and text != rest for text in each.texts
            ):
                return True
        starts = _ends(content, starts, [each])
        if not starts:
            return False
    return False


async def _in_slices(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), _SLICE):
        yield content[start : start + _SLICE]
        await asyncio.sleep(0)


@lru_cache(maxsize=1024)
def _spellings(character: str) -> _Spellings:
    """Return the encodings of a character in URLs, JSON and HTML, nested, in either case."""
    found: set[str] = set()
    for each in {character, character.lower(), character.upper()}:
        found.add(each)
        added = {*_numeric(each), *_encoded(each)}
        if each == " ":
            added |= {"+", *_numeric("+")}
        for _ in range(_MAX_NESTING):
            found |= added
            added = {text for known in added for text in _encoded(known)} - found
    texts = sorted({text.encode("utf-8", "surrogateescape").lower() for text in found}, key=len, reverse=True)
    by_first: dict[int, list[bytes]] = {}
    by_last: dict[int, list[bytes]] = {}
    for spelling in texts:
        by_first.setdefault(spelling[0], []).append(spelling)
        by_last.setdefault(spelling[-1], []).append(spelling)
    return _Spellings(tuple(texts), by_first, by_last)


def _numeric(character: str) -> set[str]:
    """Return the encodings of a character that encoders use also where they are not necessary."""
    found = {
        "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "surrogateescape")),
        "".join(f"\\u{unit:04x}" for unit in _utf16_units(character)),
    }
    if not character.isalnum():
        code = ord(character)
        found |= {f"&#{code};", f"&#{code:03};", f"&#x{code:x};", f"&#x{code:04x};"}
    return found


def _utf16_units(character: str) -> Sequence[int]:
    return memoryview(character.encode("utf-16", "surrogatepass")[2:]).cast("H")


def _encoded(text: str) -> set[str]:
    """Return a text as encoders of URLs, JSON and HTML write it, where that is necessary."""
    in_json = json.dumps(text)[1:-1]
    return {
        quote(text, safe="", errors="surrogateescape"),
        in_json,
        in_json.replace("/", "\\/"),
        text.translate(_HTML_SAFE),
        "".join([f"&{_ENTITIES[each]};" if each in _ENTITIES else each for each in text]),
    }
