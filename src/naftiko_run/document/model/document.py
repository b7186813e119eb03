"""A whole capability document."""

from __future__ import annotations

from pydantic import Field

from naftiko_run.document.model.base import Node
from naftiko_run.document.model.consumes import Consumes
from naftiko_run.document.model.exposes import AnyExposes, Exposes
from naftiko_run.document.model.functions import Aggregate


class Info(Node):
    """``info``: what the capability is, for people."""

    label: str = ""
    description: str = ""
    version: str = ""
    tags: tuple[str, ...] = ()


class Bind(Node):
    """``binds[]``: variables and the keys that a provider knows them by.

    Attributes:
        location: What an installed provider reads; empty for the process environment.
        keys: Variable name to provider key.
    """

    namespace: str = "env"
    description: str = ""
    location: str = ""
    keys: dict[str, str] = Field(default_factory=dict)


class Document(Node):
    """A whole capability document.

    Attributes:
        spec: The specification version that it names; empty where it names none.
    """

    spec: str = ""
    info: Info = Info()
    binds: tuple[Bind, ...] = ()
    consumes: tuple[Consumes, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    exposes: tuple[AnyExposes, ...] = ()

    def owners(self) -> tuple[Exposes | Aggregate, ...]:
        """Give everything that functions stand under."""
        return (*self.exposes, *self.aggregates)
