"""Incremental parsing and writing of long JSON texts: no step holds the interpreter lock for long.

A parser or writer in C holds the lock until it returns, which can take a second for ten megabytes; no other thread runs
meanwhile.
"""

from __future__ import annotations

import codecs
import math
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from json.decoder import JSONDecodeError, JSONDecoder
from typing import Any, Final

WINDOW_SIZE: Final = 64 * 1024
"""How many bytes one step parses."""
MAX_DEPTH: Final = 200
"""Maximum depth of containers that are longer than a window; these are parsed member by member."""
_MEMBERS_BEFORE_RUN: Final = 8
"""After this many members parsed one by one, all members in a window are parsed at once."""
_MIN_TRIAL_SIZE: Final = 512
"""How many bytes can always be parsed speculatively."""
_TRIAL_CREDIT_RATIO: Final = 4
"""How many bytes can be parsed speculatively, without success, for each byte consumed."""

_SPACE: Final = re.compile(r"[ \t\n\r]*+")
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_STRING_PART: Final = re.compile(
    rb'(?:[^"\\]++'
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a surrogate pair is one character
    rb"|\\.(?=.{10})"  # not where the rest of such a pair may follow
    rb")*+",
    re.DOTALL,
)
"""A part of a string that ends between two characters, or in one that is not ASCII."""
_END_OF_STRING: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_WORD: Final = re.compile(rb"[-+.0-9a-zA-Z]++")
_MAX_CONTINUATION_BYTES: Final = 3
"""How many bytes follow the first of a character in UTF-8."""
_IN_NUMBERS: Final = frozenset(".eE+-")
_INFINITIES: Final = (math.inf, -math.inf)
MAX_WEIGHT: Final = 20_000
"""Maximum weight of what one step writes."""
_CHARACTERS_PER_WEIGHT: Final = 1024
"""How many characters weigh as much as one member."""

_ENDS_OF_RUNS: Final = (b",", b"},", b"],")


def _refuse(_: str) -> Any:
    raise ValueError("NaN and Infinity are not JSON")


_scan: Final = JSONDecoder(parse_constant=_refuse).raw_decode
"""Parses the value at an index of a text; returns the value and the index after it."""


def parse_incrementally(text: bytes, loads: Callable[[bytes], Any], window: int = WINDOW_SIZE) -> Any:
    """Parse JSON in UTF-8.

    Args:
        text: The text.
        loads: Parses a short text strictly.
        window: How many bytes one step parses.

    Raises:
        ValueError: The text is not JSON, or is nested too deeply.
    """
    return _Parser(text, loads, window).parse()


def count_containers(text: bytes) -> int:
    """Return the number of objects and lists in a JSON text."""
    count = text.count(b"[") + text.count(b"{")
    for string in _STRING.finditer(text):
        count -= string[0].count(b"[") + string[0].count(b"{")
    return count


def is_large(value: Any, limit: int = MAX_WEIGHT) -> bool:
    """Return whether a JSON value is too large to be traversed or written on the event loop."""
    return _weight(value, limit) >= limit


def _weight(value: Any, limit: int) -> int:
    """Return the number of members of a value at all levels, strings weighted by length; stops at about a limit."""
    weight = 1
    waiting = [value]
    for each in waiting:
        kind = type(each)
        if kind is str:
            weight += len(each) // _CHARACTERS_PER_WEIGHT
        elif kind is dict or kind is list:
            weight += len(each)
            if weight >= limit:
                break
            waiting.extend(each.values() if kind is dict else each)
    return weight


@dataclass(frozen=True, slots=True)
class _MemberRun:
    """Members of one container that are written in one step."""

    members: dict[str, Any] | list[Any]


def write_incrementally(value: Any, dumps: Callable[[Any], bytes], limit: int = MAX_WEIGHT) -> bytes:
    """Write compact JSON.

    Args:
        value: The value to write.
        dumps: Writes a part of the value in one step.
        limit: Maximum weight of what one step writes.
    """
    written: list[bytes] = []
    waiting: list[Any] = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, bytes):
            written.append(part)
        elif isinstance(part, _MemberRun):
            written.append(dumps(part.members)[1:-1])
        elif isinstance(part, dict | list) and is_large(part, limit):
            waiting.extend(reversed(_parts(part, dumps, limit)))
        else:
            written.append(dumps(part))
    return b"".join(written)


def _parts(container: dict[str, Any] | list[Any], dumps: Callable[[Any], bytes], limit: int) -> list[Any]:
    """Split a large container into parts in output order: runs, large members, and the bytes between them."""
    is_object = isinstance(container, dict)
    parts: list[Any] = [b"{" if is_object else b"["]
    run: list[tuple[str, Any]] = []
    weight = 0

    def end_run() -> None:
        nonlocal weight
        if run:
            parts.extend((_MemberRun(dict(run) if is_object else [member for _, member in run]), b","))
            run.clear()
        weight = 0

    members = container.items() if isinstance(container, dict) else (("", member) for member in container)
    for name, member in members:
        of_member = _weight(member, limit)
        if weight + of_member >= limit:
            end_run()
        if of_member >= limit:
            parts.extend((*((dumps(name) + b":",) if is_object else ()), member, b","))
        else:
            run.append((name, member))
            weight += of_member
    end_run()
    parts[-1] = b"}" if is_object else b"]"
    return parts


class _Parser:
    def __init__(self, text: bytes, loads: Callable[[bytes], Any], window: int) -> None:
        self._text = text
        self._step = window
        self._loads = loads
        self._start = 0
        self._window = ""
        """The decoded text from ``_start`` on."""
        self._at = 0
        """The parser's position in the window."""
        self._open: list[dict[str, Any] | list[Any]] = []
        self._credit = window
        """How many bytes can be parsed speculatively: a container may not end in the part that is tried."""
        self._credited = 0
        """The parser's position when the credit was last raised."""

    def parse(self) -> Any:
        self._skip_space()
        value = self._value()
        singles = 0
        while self._open:
            container = self._open[-1]
            self._skip_space()
            if self._consume("}" if isinstance(container, dict) else "]"):
                self._open.pop()
                continue
            if container:
                self._expect(",")
                self._skip_space()
            if singles >= _MEMBERS_BEFORE_RUN and self._parse_run(container):
                singles = 0
                continue
            depth = len(self._open)
            self._parse_member(container)
            singles = singles + 1 if len(self._open) == depth else 0
        self._skip_space()
        if self._at < len(self._window):
            raise self._fault("unexpected characters after the value")
        return value

    def _parse_member(self, container: dict[str, Any] | list[Any]) -> None:
        if isinstance(container, list):
            place = len(container)
            container.append(None)
            container[place] = self._value()
            return
        if not self._window.startswith('"', self._at):
            raise self._fault("expected the name of an object member")
        name = self._value()
        self._skip_space()
        self._expect(":")
        self._skip_space()
        container[name] = None
        container[name] = self._value()

    def _value(self) -> Any:
        """Return the next value; a container that is longer than a window is returned empty and filled later."""
        found = self._scan_value()
        if found is None and self._at:
            self._move()
            found = self._scan_value()
        if found is not None:
            value, self._at = found
            return value
        begin = self._window[:1]
        if begin in ("[", "{"):
            if len(self._open) == MAX_DEPTH:
                raise ValueError(f"nested too deeply: more than {MAX_DEPTH} levels in a long text")
            container: dict[str, Any] | list[Any] = [] if begin == "[" else {}
            self._open.append(container)
            self._at = 1
            return container
        if begin == '"':
            return self._long_string()
        word = _WORD.match(self._text, self._start)
        if word is None:
            raise self._fault("no value")
        self._start, self._window, self._at = word.end(), "", 0
        return self._loads(word[0])

    def _long_string(self) -> str:
        """Parse the string at the start of the window in parts that are no longer than a window."""
        text, at = self._text, self._start + 1
        parts: list[str] = []
        while True:
            end = _STRING_PART.match(text, at, at + self._step).end()  # type: ignore[union-attr]  # it always matches
            for _ in range(_MAX_CONTINUATION_BYTES):
                if end < len(text) and text[end] & 0xC0 == 0x80:
                    end -= 1
            if end <= at:
                break
            parts.append(self._loads(b'"%b"' % text[at:end]))
            at = end
        rest = _END_OF_STRING.match(text, at)
        if rest is None:
            raise self._fault("no value")
        parts.append(self._loads(b'"%b' % rest[0]))
        self._start, self._window, self._at = rest.end(), "", 0
        return "".join(parts)

    def _scan_value(self) -> tuple[Any, int] | None:
        """Parse the value at the parser's position; return None if it is invalid or does not end in the window.

        A number that continues after the window is not accepted, although its beginning is a number too.
        """
        begin = self._at
        if self._window.startswith(("[", "{"), begin):
            return self._scan_container(begin)
        try:
            value, end = _scan(self._window, begin)
        except JSONDecodeError:
            return None
        if isinstance(value, int | float):
            if end == len(self._window) and self._position(end) < len(self._text):
                return None
            if self._window[end : end + 1] in _IN_NUMBERS or value in _INFINITIES:
                return None
        return value, end

    def _scan_container(self, begin: int) -> tuple[Any, int] | None:
        """Parse the container at a position in the window; return None if it is invalid or too long to try."""
        size = self._trial_size()
        try:
            if begin + size >= len(self._window):
                return _scan(self._window, begin)
            value, end = _scan(self._window[begin : begin + size])
        except (JSONDecodeError, RecursionError):
            self._credit -= size
            return None
        return value, begin + end

    def _trial_size(self) -> int:
        """Return how many bytes can be parsed speculatively now.

        Each level of nesting is tried again: without a limit on all trials together, deep nesting would take time
        proportional to its depth times the window.
        """
        place = self._start + self._at
        self._credit = min(self._step, max(0, self._credit) + _TRIAL_CREDIT_RATIO * (place - self._credited))
        self._credited = place
        return max(_MIN_TRIAL_SIZE, self._credit)

    def _parse_run(self, container: dict[str, Any] | list[Any]) -> bool:
        """Parse as many members as fit in a window; return whether there are any."""
        begin = self._position(self._at)
        for mark in _ENDS_OF_RUNS:
            end = self._text.rfind(mark, begin, begin + min(self._step, self._trial_size())) + len(mark) - 1
            if end <= begin:
                continue
            run = self._text[begin:end]
            # Only a run of complete members is valid JSON between brackets.
            try:
                if isinstance(container, list):
                    container += self._loads(b"[%b]" % run)
                else:
                    container.update(self._loads(b"{%b}" % run))
            except ValueError:
                self._credit -= len(run)
                continue
            self._start, self._window, self._at = end, "", 0
            return True
        return False

    def _position(self, at: int) -> int:
        """Return the position in the text of a position in the window."""
        return self._start + (at if self._window.isascii() else len(self._window[:at].encode()))

    def _move(self) -> None:
        """Move the start of the window to the parser's position.

        Raises:
            ValueError: The text there is not UTF-8.
        """
        self._start, self._at = self._position(self._at), 0
        end = self._start + self._step
        self._window, _ = codecs.utf_8_decode(self._text[self._start : end], "strict", end >= len(self._text))

    def _skip_space(self) -> None:
        while True:
            self._at = _SPACE.match(self._window, self._at).end()  # type: ignore[union-attr]  # it always matches
            if self._at < len(self._window) or self._position(self._at) == len(self._text):
                return
            self._move()

    def _consume(self, character: str) -> bool:
        is_next = self._window.startswith(character, self._at)
        self._at += is_next
        return is_next

    def _expect(self, character: str) -> None:
        if not self._consume(character):
            raise self._fault(f"`{character}` is missing")

    def _fault(self, what: str) -> ValueError:
        return ValueError(f"{what} at byte {self._position(self._at)}")


def free_incrementally(holders: list[Any]) -> None:
    """Free JSON values in steps that let other threads run; freeing them at once holds the lock.

    Members that something else refers to are left alone.

    Args:
        holders: A list with the last references to the values.
    """
    while holders:
        container = holders.pop()
        member = None
        if sys.getrefcount(container) > _REFERENCES_TO_OWN:
            continue
        if type(container) is dict:
            while container:
                _, member = container.popitem()
                if type(member) is dict or type(member) is list:
                    holders.append(member)
        elif type(container) is list:
            while container:
                member = container.pop()
                if type(member) is dict or type(member) is list:
                    holders.append(member)


def _references_to_own() -> int:
    """Return how many references the interpreter counts for an object that only one variable refers to."""
    container: list[Any] = [[]].pop()
    return sys.getrefcount(container)


_REFERENCES_TO_OWN: Final = _references_to_own()
