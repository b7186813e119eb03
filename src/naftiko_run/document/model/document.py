"""A whole capability document."""

from dataclasses import field

from naftiko_run.document.model.base import Node, node
from naftiko_run.document.model.consumes import Consumes
from naftiko_run.document.model.exposes import AnyExposes, Exposes
from naftiko_run.document.model.functions import Aggregate


@node
class Info(Node):
    """``info``: what the capability is, for people."""

    label: str = ""
    description: str = ""
    version: str = ""
    tags: tuple[str, ...] = ()


@node
class Bind(Node):
    """``binds[]``: variables and the keys that a provider knows them by.

    Attributes:
        location: What an installed provider reads; empty for the process environment.
        keys: Variable name to provider key.
    """

    namespace: str = "env"
    description: str = ""
    location: str = ""
    keys: dict[str, str] = field(default_factory=dict)


@node
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
