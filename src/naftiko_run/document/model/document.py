"""A whole capability document."""

from dataclasses import field

from naftiko_run.document.model.base import Node, node
from naftiko_run.document.model.consumes import Consumes
from naftiko_run.document.model.exposes import AnyExposes, Exposes
from naftiko_run.document.model.functions import Aggregate


@node
class Info(Node):
    """``info``: metadata of the capability."""

    label: str = ""
    description: str = ""
    version: str = ""
    tags: tuple[str, ...] = ()


@node
class Bind(Node):
    """``binds[]``: variables and their keys at a provider.

    Attributes:
        location: A URI for an installed provider; empty for the process environment.
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
        spec: The specification version that it declares; empty for none.
    """

    spec: str = ""
    info: Info = Info()
    binds: tuple[Bind, ...] = ()
    consumes: tuple[Consumes, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    exposes: tuple[AnyExposes, ...] = ()

    def owners(self) -> tuple[Exposes | Aggregate, ...]:
        """Return the owners of functions: adapters and aggregates."""
        return (*self.exposes, *self.aggregates)
