"""Results that are too long for a model, cut by their structure: what is left is whole JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from naftiko_run import _json

_ENDLESS: Final = 1 << 62
_TOLD: Final = 5
"""How many of the lists that were cut are named."""

_LONGEST_PATH: Final = 100
"""How many characters of a list's place are told."""


@dataclass(frozen=True, slots=True)
class ResultLimit:
    """How long a tool's results may be.

    Attributes:
        most: In bytes of their JSON, or of their text.
        narrowing: The inputs with which a caller may ask for less.
    """

    most: int
    narrowing: tuple[str, ...] = ()

    def cut(self, value: Any) -> tuple[Any, str]:
        """Give what fits of a value that does not, and a note of what that is.

        All lists keep as many of their first members as fit, though at least one;
        where that is not enough all texts keep their beginnings, and where that is
        not either, all objects keep their first members, and then lists none. What
        is left then, such as a very long number, is given as it is.
        """
        cut = self._cut_for(value)
        kept = cut.of(value)
        return kept, self._note(cut) if cut.has_cut else ""

    def cut_text(self, text: str) -> tuple[str, str]:
        """Give the beginning of a text that is too long, and a note of how long it was."""
        kept = text.encode()[: self.most].decode(errors="ignore")
        return kept, self._told(f"the first {len(kept)} of {len(text)} characters are given")

    def _cut_for(self, value: Any) -> _Cut:
        lists = _largest(lambda most: self._fits(_Cut(most), value), 1)
        if lists is not None:
            return _Cut(lists)
        texts = _largest(lambda most: self._fits(_Cut(1, most), value), 0)
        if texts is not None:
            return _Cut(1, texts)
        members = _largest(lambda most: self._fits(_Cut(1, 0, most), value), 0)
        return _Cut(0, 0, 0) if members is None else _Cut(1, 0, members)

    def _fits(self, cut: _Cut, value: Any) -> bool:
        return len(_json.dumps(cut.of(value))) <= self.most

    def _note(self, cut: _Cut) -> str:
        told = [
            f"of `{_shown(path)}` the first {kept} of {'up to ' if number > 1 else ''}{total} are given"
            for path, (kept, total, number) in [*cut.lists_cut.items()][:_TOLD]
        ]
        if len(cut.lists_cut) > _TOLD:
            told.append(f"{len(cut.lists_cut) - _TOLD} more lists were cut so too")
        if cut.has_cut_texts:
            told.append(f"texts end after {cut.texts} characters, with `…`")
        if cut.has_cut_members:
            told.append(f"objects have their first {cut.members} members")
        return self._told("; ".join(told))

    def _told(self, what: str) -> str:
        names = ", ".join(f"`{name}`" for name in self.narrowing)
        advice = f" To get less and see it whole, call again with: {names}." if names else ""
        return f"The result was longer than {self.most} bytes and was cut: {what}.{advice}"


def limit_of(most: int | None, schema: Mapping[str, Any]) -> ResultLimit | None:
    """Give the limit of a tool whose inputs have a schema: those that need not be given narrow its results."""
    if most is None:
        return None
    required = schema.get("required", ())
    return ResultLimit(most, tuple(name for name in schema.get("properties", ()) if name not in required))


@dataclass(slots=True)
class _Cut:
    """How much is kept of every part of a value, and what that has cut off so far.

    Attributes:
        lists_cut: By path, how many members are kept, of how many, in how many lists.
    """

    lists: int
    texts: int = _ENDLESS
    members: int = _ENDLESS
    lists_cut: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    has_cut_texts: bool = False
    has_cut_members: bool = False

    @property
    def has_cut(self) -> bool:
        return bool(self.lists_cut) or self.has_cut_texts or self.has_cut_members

    def of(self, value: Any, path: str = "$") -> Any:
        """Give what is kept of a value."""
        if isinstance(value, str):
            if len(value) <= self.texts:
                return value
            self.has_cut_texts = True
            return f"{value[: self.texts]}…"
        if isinstance(value, list):
            if len(value) > self.lists:
                _, total, number = self.lists_cut.get(path, (0, 0, 0))
                self.lists_cut[path] = (self.lists, max(total, len(value)), number + 1)
            return [self.of(each, f"{path}[*]") for each in value[: self.lists]]
        if isinstance(value, dict):
            self.has_cut_members |= len(value) > self.members
            names = [*islice(value, self.members)] if len(value) > self.members else value
            return {name: self._member(value[name], path, name) for name in names}
        return value

    def _member(self, value: Any, path: str, name: str) -> Any:
        """Give what is kept of an object's member; a path is worth writing only where it leads on."""
        return self.of(value, f"{path}.{name}" if isinstance(value, list | dict) else "")


def _shown(path: str) -> str:
    return path if len(path) <= _LONGEST_PATH else f"{path[:_LONGEST_PATH]}…"


def _largest(fits: Callable[[int], bool], least: int) -> int | None:
    """Give the largest number that fits, where large ones do not; None where not even the least does.

    Goes up from the least, so that each try costs about what is kept, and ends in any case.
    """
    if not fits(least):
        return None
    found, step = least, 1
    while step < _ENDLESS and fits(found + step):
        found += step
        step *= 2
    while step > 1:
        step //= 2
        if fits(found + step):
            found += step
    return found
