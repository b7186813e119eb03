"""Where an output's value is read: levels of outputs, and the paths that are tried at each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from naftiko_run.document.model import Output
from naftiko_run.expressions import MISSING, Accessor, first_name

Read = Callable[[Any, Any], Any]
"""Reads the value of an output; ``MISSING`` where there is none."""


@dataclass(frozen=True, slots=True)
class Level:
    """Where an output stands.

    Attributes:
        names: The outputs around it.
        around: Those of them that have no mapping, so that they do not say what it is relative to.
        is_top: Whether it is one of the function's own outputs.
        is_answer: Whether it is relative to the whole answer.
        has_answer_around: Whether it is relative to a part of the answer that a mapping names.
        is_named: Whether it is a member of an object, and so has a name of its own.
    """

    names: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    is_top: bool = True
    is_answer: bool = True
    has_answer_around: bool = False
    is_named: bool = False

    def beside(self, name: str, *, has_mapping: bool) -> Level:
        """Return the level of the members of an object that is the same value as what it is relative to."""
        around = self.around if has_mapping else (*self.around, name)
        return replace(self, names=self._with(name), around=around, is_top=False, is_named=True)

    def below(self, name: str) -> Level:
        """Return the level of the members of an object that a mapping or its name leads to."""
        in_answer = self.is_answer or self.has_answer_around
        return Level(
            self._with(name), is_top=False, is_answer=False, has_answer_around=in_answer, is_named=True
        )

    def of_elements(self, name: str) -> Level:
        """Return the level of a list's elements or a map's values, which know nothing of the rest of the answer."""
        return Level(self._with(name), is_top=False, is_answer=False)

    def _with(self, name: str) -> tuple[str, ...]:
        return (*self.names, name) if name else self.names


def reading(relative: Sequence[Accessor], from_answer: Sequence[Accessor] = ()) -> Read:
    """Try paths in turn: all from the value that they are relative to, then all from the answer."""
    access, *others = relative
    if not others and not from_answer:
        return lambda current, _: access(current)
    gives_list = access(None) == []

    def read(current: Any, around: Any) -> Any:
        found = access(current)
        if found is not MISSING and not (gives_list and not found):
            return found
        for accesses, value in ((others, current), (from_answer, around)):
            for other in accesses:
                later = other(value)
                if later is not MISSING and later != []:
                    return later
                found = later if found is MISSING else found
        return found

    return read


def listed(read: Read, items: Output) -> Read:
    """Read a root element as a list: its elements, where it has nothing but some of one name."""
    begins = [first_name(each.mapping) for each in items.properties]
    own = {begin[0] for begin in begins if begin is not None}

    def elements(current: Any, around: Any) -> Any:
        root = read(current, around)
        if root == "":
            return []
        if not isinstance(root, dict) or len(root) != 1:
            return root
        ((name, inner),) = root.items()
        is_record = name in own or (bool(own) and not isinstance(inner, dict | list))
        return root if is_record else inner

    return elements
