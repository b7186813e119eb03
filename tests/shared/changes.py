"""Changes that may spoil a document: what authors, editors and generators do to one."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any

from shared.specimens import JUNK, NUMBERS, WORDS, Pointer

Place = tuple[Pointer, Any, Any]
"""A pointer, and the container and the key or index that it ends with."""


class Changer:
    """Changes documents at random, with keys, words and values that other documents use.

    Args:
        random: Where chance comes from.
        stock: Documents and schemas to take keys, words and values from.
    """

    def __init__(self, random: Random, stock: Iterable[Any]) -> None:
        self._random = random
        self._values: dict[str, list[Any]] = defaultdict(list)
        words = set(WORDS)
        for document in stock:
            for _, container, key in _places(document, ()):
                if isinstance(key, str):
                    self._values[key].append(container[key])
                if isinstance(container[key], str):
                    words.add(container[key])
        self._keys = sorted(self._values)
        self._words = sorted(words.union(self._keys))

    def change(self, data: dict[str, Any], within: Pointer = ()) -> Pointer:
        """Change one thing, in place, and give the place that a complaint would be about.

        Args:
            data: The document.
            within: Where to change it: there, or often further down.
        """
        changes: tuple[Callable[[Any, Any], bool], ...] = (
            *(self._remove, self._rename, self._retype, self._reword, self._swap, self._add, self._add),
            *(self._repeat, self._empty, self._turn, self._exchange),
        )
        below = [place for place in _places(data, ()) if place[0][: len(within)] == within]
        reach = self._random.choice((0, 1, 1, 100))
        places = [place for place in below if len(place[0]) <= len(within) + reach] or below
        if not places:
            return within if self._insert(data) else ()
        while True:
            at, container, key = self._random.choice(places)
            change = self._random.choice(changes)
            if change(container, key):
                return at[:-1] if change in (self._remove, self._rename) else at

    def _remove(self, container: Any, key: Any) -> bool:
        del container[key]
        return True

    def _rename(self, container: Any, key: Any) -> bool:
        if not isinstance(container, dict):
            return False
        near = (key.upper(), key.lower(), key + "s", key[:-1], key + "\n", self._random.choice(self._words))
        container[self._random.choice((*near, self._random.choice(self._keys)))] = container.pop(key)
        return True

    def _retype(self, container: Any, key: Any) -> bool:
        container[key] = copy.deepcopy(self._random.choice(JUNK))
        return True

    def _reword(self, container: Any, key: Any) -> bool:
        match container[key]:
            case bool() | None:
                return False
            case int() | float():
                container[key] = self._random.choice(NUMBERS)
            case str(text):
                near = (text + "\n", text + " ", text.upper(), text[1:], f" {text}", f"{text}.{text}")
                container[key] = self._random.choice((*near, *self._random.choices(self._words, k=len(near))))
            case _:
                return False
        return True

    def _swap(self, container: Any, key: Any) -> bool:
        """Put another document's value in its place."""
        if key not in self._values:
            return False
        container[key] = copy.deepcopy(self._random.choice(self._values[key]))
        return True

    def _add(self, container: Any, key: Any) -> bool:
        value = container[key]
        if isinstance(value, list):
            value.append(copy.deepcopy(self._random.choice((*value, *JUNK))))
            return True
        return isinstance(value, dict) and self._insert(value)

    def _insert(self, record: dict[str, Any]) -> bool:
        near = [key for key in self._keys if key not in record]
        added = self._random.choice(near)
        record[added] = copy.deepcopy(self._random.choice((*self._values[added], self._random.choice(JUNK))))
        return True

    def _repeat(self, container: Any, key: Any) -> bool:
        if not isinstance(container, list):
            return False
        container.insert(key, copy.deepcopy(container[key]))
        return True

    def _empty(self, container: Any, key: Any) -> bool:
        if not isinstance(container[key], dict | list | str):
            return False
        container[key] = type(container[key])()
        return True

    def _turn(self, container: Any, key: Any) -> bool:
        """Turn a list of named things into a map keyed by their names, or back."""
        match container[key]:
            case list(things) if things and all(isinstance(thing, dict) for thing in things):
                container[key] = {str(thing.pop("name", index)): thing for index, thing in enumerate(things)}
            case dict(things) if things and all(isinstance(thing, dict) for thing in things.values()):
                container[key] = [{"name": name, **thing} for name, thing in things.items()]
            case _:
                return False
        return True

    def _exchange(self, container: Any, key: Any) -> bool:
        """Exchange two values of one container."""
        keys = list(container) if isinstance(container, dict) else range(len(container))
        other = self._random.choice(keys)
        container[key], container[other] = container[other], container[key]
        return True


def _places(value: Any, at: Pointer) -> Iterator[Place]:
    """Every place below a value."""
    if isinstance(value, dict):
        keys: Iterable[Any] = value
    elif isinstance(value, list):
        keys = range(len(value))
    else:
        return
    for key in keys:
        yield (*at, key), value, key
        yield from _places(value[key], (*at, key))
