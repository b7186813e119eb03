"""Truncation of long results by their structure: what remains is complete JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from naftiko_run import _json

_UNLIMITED: Final = 1 << 62
_MAX_REPORTED: Final = 5
"""Truncated lists named in a note."""

MAX_NAME_LENGTH: Final = 100
"""Characters of a name, a URI or a path that a message shows."""


@dataclass(frozen=True, slots=True)
class ResultLimit:
    """The maximum size of a tool's results.

    Attributes:
        max_bytes: The maximum size of their JSON or text, in bytes.
        optional_inputs: The inputs with which a caller may request a smaller result.
    """

    max_bytes: int
    optional_inputs: tuple[str, ...] = ()

    def truncate(self, value: Any) -> tuple[Any, str]:
        """Return a value truncated to the limit, and a note that describes the truncation.

        First, every list keeps as many leading elements as fit, at least one. If that is not enough, every string
        keeps its beginning; then every object keeps its first members; then lists keep no element. What exceeds the
        limit even so, such as a very long number, is returned unchanged.
        """
        truncation = self._truncation_for(value)
        kept = truncation.apply(value)
        return kept, self._note(truncation) if truncation.is_truncated else ""

    def truncate_text(self, text: str) -> tuple[str, str]:
        """Return the beginning of a text that is too long, and a note of its full length."""
        kept = text.encode()[: self.max_bytes].decode(errors="ignore")
        return kept, self._sentence(f"the first {len(kept)} of {len(text)} characters are shown")

    def _truncation_for(self, value: Any) -> _Truncation:
        lists = _largest(lambda size: self._fits(_Truncation(size), value), 1)
        if lists is not None:
            return _Truncation(lists)
        texts = _largest(lambda size: self._fits(_Truncation(1, size), value), 0)
        if texts is not None:
            return _Truncation(1, texts)
        members = _largest(lambda size: self._fits(_Truncation(1, 0, size), value), 0)
        return _Truncation(0, 0, 0) if members is None else _Truncation(1, 0, members)

    def _fits(self, truncation: _Truncation, value: Any) -> bool:
        return len(_json.dumps(truncation.apply(value))) <= self.max_bytes

    def _note(self, truncation: _Truncation) -> str:
        parts = [
            f"`{shorten_name(path)}` shows the first {kept} of {'up to ' if number > 1 else ''}{total}"
            for path, (kept, total, number) in [*truncation.truncated_lists.items()][:_MAX_REPORTED]
        ]
        if len(truncation.truncated_lists) > _MAX_REPORTED:
            parts.append(
                f"{len(truncation.truncated_lists) - _MAX_REPORTED} more lists were truncated as well"
            )
        if truncation.has_truncated_texts:
            parts.append(f"texts end after {truncation.texts} characters, with `…`")
        if truncation.has_truncated_members:
            parts.append(f"objects show their first {truncation.members} members")
        return self._sentence("; ".join(parts))

    def _sentence(self, description: str) -> str:
        names = ", ".join(f"`{name}`" for name in self.optional_inputs)
        advice = f" For a smaller, complete result, call again with: {names}." if names else ""
        return f"The result was longer than {self.max_bytes} bytes and was truncated: {description}.{advice}"


def result_limit(max_bytes: int | None, schema: Mapping[str, Any]) -> ResultLimit | None:
    """Return the limit of a tool with an input schema, whose optional inputs can narrow its results; None for none."""
    if max_bytes is None:
        return None
    required = schema.get("required", ())
    optional = tuple(name for name in schema.get("properties", ()) if name not in required)
    return ResultLimit(max_bytes, optional)


@dataclass(slots=True)
class _Truncation:
    """How much to keep of each part of a value, and what has been truncated.

    Attributes:
        lists: The maximum number of elements of each list.
        texts: The maximum number of characters of each string.
        members: The maximum number of members of each object.
        truncated_lists: By path: the elements kept, the elements in total, and the number of lists truncated.
    """

    lists: int
    texts: int = _UNLIMITED
    members: int = _UNLIMITED
    truncated_lists: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    has_truncated_texts: bool = False
    has_truncated_members: bool = False

    @property
    def is_truncated(self) -> bool:
        return bool(self.truncated_lists) or self.has_truncated_texts or self.has_truncated_members

    def apply(self, value: Any, path: str = "$") -> Any:
        """Return the value, truncated."""
        if isinstance(value, str):
            if len(value) <= self.texts:
                return value
            self.has_truncated_texts = True
            return f"{value[: self.texts]}…"
        if isinstance(value, list):
            if len(value) > self.lists:
                _, total, number = self.truncated_lists.get(path, (0, 0, 0))
                self.truncated_lists[path] = (self.lists, max(total, len(value)), number + 1)
            return [self.apply(each, f"{path}[*]") for each in value[: self.lists]]
        if isinstance(value, dict):
            self.has_truncated_members |= len(value) > self.members
            names = [*islice(value, self.members)] if len(value) > self.members else value
            return {name: self._member(value[name], path, name) for name in names}
        return value

    def _member(self, value: Any, path: str, name: str) -> Any:
        """Return an object's member, truncated; its path is built only for lists and objects."""
        return self.apply(value, f"{path}.{name}" if isinstance(value, list | dict) else "")


def shorten_name(name: str) -> str:
    """Return a name, a URI or a path, of any length, as a message shows it."""
    return name if len(name) <= MAX_NAME_LENGTH else f"{name[:MAX_NAME_LENGTH]}…"


def _largest(fits: Callable[[int], bool], minimum: int) -> int | None:
    """Return the largest number that fits; None if not even the minimum does.

    The search goes up from the minimum, so that each attempt costs about as much as what is kept, and it always ends.
    """
    if not fits(minimum):
        return None
    found, step = minimum, 1
    while step < _UNLIMITED and fits(found + step):
        found += step
        step *= 2
    while step > 1:
        step //= 2
        if fits(found + step):
            found += step
    return found
