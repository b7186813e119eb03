"""The variables that a document's ``binds`` declare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from naftiko_run.diagnostics import Pointer
from naftiko_run.lint.document_view import DocumentView


@dataclass(frozen=True, slots=True)
class DeclaredVariable:
    """One variable that a bind declares.

    Attributes:
        namespace: The namespace of the bind.
        name: The name of the variable.
        at: Its place.
        from_environment: Whether its value comes from the process environment.
    """

    namespace: str
    name: str
    at: Pointer
    from_environment: bool

    @property
    def spellings(self) -> tuple[str, ...]:
        """Its names in templates."""
        own = (self.name, f"{self.namespace}.{self.name}")
        return (*own, f"env.{self.name}") if self.from_environment else own


@dataclass(frozen=True, slots=True)
class DeclaredVariables:
    """The variables of a document's binds.

    Attributes:
        variables: In the document's order.
        spellings: All their names in templates.
        is_whole: False where binds are imported, which may declare others.
    """

    variables: tuple[DeclaredVariable, ...]
    spellings: frozenset[str]
    is_whole: bool

    @classmethod
    def of(cls, view: DocumentView) -> DeclaredVariables:
        """Collect the variables that a document declares."""
        variables = tuple(_variables(view))
        spellings = frozenset(spelling for variable in variables for spelling in variable.spellings)
        return cls(variables, spellings, not any(entry.section == "binds" for entry in view.imports))

    def has(self, name: str) -> bool:
        """Whether a name in a template is a declared variable."""
        return name in self.spellings


def _variables(view: DocumentView) -> Iterator[DeclaredVariable]:
    for entry in view.entries("binds"):
        bind = entry.reader
        keys = bind.data.get("keys")
        for index, name in enumerate(keys if isinstance(keys, dict | list) else ()):
            place = name if isinstance(keys, dict) else index
            yield DeclaredVariable(
                entry.namespace or "env",
                str(name),
                (*bind.at, "keys", place),
                from_environment=not bind.text("location"),
            )
