"""What a document's ``binds`` declare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from naftiko_run.diagnostics import Pointer
from naftiko_run.lint.document_view import Written


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable that a bind declares.

    Attributes:
        namespace: The bind's.
        name: The variable's.
        at: Its place.
        from_environment: Whether the process environment gives its value.
    """

    namespace: str
    name: str
    at: Pointer
    from_environment: bool

    @property
    def spellings(self) -> tuple[str, ...]:
        """What may stand between the braces for it."""
        own = (self.name, f"{self.namespace}.{self.name}")
        return (*own, f"env.{self.name}") if self.from_environment else own


@dataclass(frozen=True, slots=True)
class Declared:
    """The variables of a document's binds.

    Attributes:
        variables: In the document's order.
        spellings: Everything that may stand between braces for one of them.
        is_whole: False where binds are imported: others may be declared there.
    """

    variables: tuple[Variable, ...]
    spellings: frozenset[str]
    is_whole: bool

    @classmethod
    def of(cls, written: Written) -> Declared:
        """Gather what a document declares."""
        variables = tuple(_variables(written))
        spellings = frozenset(spelling for variable in variables for spelling in variable.spellings)
        return cls(variables, spellings, not any(entry.section == "binds" for entry in written.imports))

    def has(self, name: str) -> bool:
        """Whether a name in a template means a declared variable."""
        return name in self.spellings


def _variables(written: Written) -> Iterator[Variable]:
    for entry in written.entries("binds"):
        bind = entry.reader
        keys = bind.data.get("keys")
        for index, name in enumerate(keys if isinstance(keys, dict | list) else ()):
            place = name if isinstance(keys, dict) else index
            yield Variable(
                entry.namespace or "env",
                str(name),
                (*bind.at, "keys", place),
                from_environment=not bind.text("location"),
            )
