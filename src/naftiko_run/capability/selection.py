"""``--include`` and ``--exclude``: what is served of a document, by globs on names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TypeVar

from naftiko_run.diagnostics import Pointer
from naftiko_run.document.model import Exposes, FunctionModel, Unavailable

_Function = TypeVar("_Function", bound=FunctionModel)


class Selection:
    """Selects what is served.

    Args:
        include: Globs of which a name must match one; none for everything.
        exclude: Globs of which a name must match none.

    Attributes:
        unmatched: The globs that no name has matched so far.
    """

    def __init__(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        self._include = include
        self._exclude = exclude
        self._excluded: set[Pointer] = set()
        self.unmatched = {*include, *exclude}

    @property
    def is_everything(self) -> bool:
        """Whether nothing has been excluded so far."""
        return not self._excluded

    def includes(self, exposes: Exposes, pointer: Pointer, *names: str) -> bool:
        """Return whether something in an adapter is served.

        Args:
            exposes: The adapter.
            pointer: The place of the thing in the document.
            names: Its names, without the namespace of the adapter.
        """
        known = [*names, *(f"{exposes.namespace}.{name}" for name in names)]
        included = [glob for glob in self._include if any(fnmatchcase(name, glob) for name in known)]
        excluded = [glob for glob in self._exclude if any(fnmatchcase(name, glob) for name in known)]
        self.unmatched.difference_update(included, excluded)
        is_included = not excluded and bool(included or not self._include)
        if not is_included:
            self._excluded.add(pointer)
        return is_included

    def is_excluded(self, pointer: Pointer) -> bool:
        """Return whether ``includes`` has excluded what is at a place."""
        return pointer in self._excluded

    def functions(self, exposes: Exposes, functions: Iterable[_Function]) -> tuple[_Function, ...]:
        """Return the functions of an adapter that are served, by their names."""
        return tuple(each for each in functions if self.includes(exposes, each.pointer, each.name))

    def unavailable(self, exposes: Exposes) -> tuple[Unavailable, ...]:
        """Return what is reported as unavailable in an adapter, by the same names."""
        return tuple(
            each
            for each in exposes.unavailable
            if self.includes(exposes, each.pointer, _name(each), each.action)
        )


def _name(unavailable: Unavailable) -> str:
    """Return its name, without its kind."""
    return unavailable.name.removeprefix("resource ").removeprefix("prompt ")
