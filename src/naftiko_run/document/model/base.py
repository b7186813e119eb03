"""The base of every part of the model, and the parts that are both consumed and exposed."""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field, SkipValidation
from pydantic.alias_generators import to_camel

from naftiko_run.diagnostics import Pointer
from naftiko_run.spec.common import Location, ParameterType

_T = TypeVar("_T")

_DELIMITERS = {"spaceDelimited": " ", "pipeDelimited": "|", "tabDelimited": "\t"}


@dataclass_transform(frozen_default=True, kw_only_default=True, eq_default=False, field_specifiers=(field,))
def node(cls: type[_T]) -> type[_T]:
    """Make a class a part of the model: an immutable slotted dataclass that pydantic validates.

    Pydantic's own models take six times the memory, and a document has hundreds of parts. Only the type checker
    enforces immutability: every method that ``dataclass`` generates adds to the start-up time of every process.
    """
    return dataclass(slots=True, kw_only=True, eq=False)(cls)


@node
class Node:
    """A part of a document, with its position.

    Attributes:
        pointer: Its place in the author's document.
    """

    __pydantic_config__: ClassVar = ConfigDict(
        extra="ignore", populate_by_name=True, alias_generator=to_camel
    )

    pointer: Annotated[Pointer, SkipValidation] = ()


@node
class Style:
    """How the value of a parameter is serialized: the styles of OpenAPI, and ``tabDelimited`` for Swagger's ``tsv``.

    Attributes:
        style: Empty for the default of its location.
        explode: None where unset.
    """

    __pydantic_config__: ClassVar = Node.__pydantic_config__

    style: str = ""
    explode: bool | None = None
    allow_reserved: bool = False

    @property
    def delimiter(self) -> str:
        """The delimiter of items in one value; empty where each item has its own value."""
        if self.style in _DELIMITERS:
            return _DELIMITERS[self.style]
        return "," if self.explode is False else ""

    @property
    def is_silent(self) -> bool:
        """Whether the document does not define how arrays and objects are serialized."""
        return not self.style and self.explode is None


@node
class Parameter(Node):
    """An input parameter, consumed or exposed.

    Attributes:
        in_: Its location; None where the adapter decides.
        required: None where unset.
        value: A fixed value or template; None where the caller passes the value.
        constraints: Further keywords of JSON Schema, as written.
        style: None where unset.
        nullable: Whether null is an allowed value; None where unset.
    """

    name: str
    in_: Annotated[Location | None, Field(alias="in")] = None
    type: ParameterType | None = None
    description: str = ""
    required: bool | None = None
    value: Any = None
    pattern: str | None = None
    enum: tuple[Any, ...] = ()
    default: Any = None
    format: str | None = None
    constraints: dict[str, Any] = field(default_factory=dict)
    items: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None
    nullable: bool | None = None
    style: Style | None = None

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of its type and of its members' types, as written."""
        written = {"type": self.type, "items": self.items, "properties": self.properties}
        return {keyword: value for keyword, value in written.items() if value is not None}


@node
class Authentication(Node):
    """An authentication scheme and its settings, which the scheme validates."""

    type: str
    settings: dict[str, Any] = field(default_factory=dict)


@node
class Unavailable(Node):
    """A tool, route, resource, prompt or function that cannot work.

    Attributes:
        name: The tool's or function's name, or ``METHOD /path`` of a route.
        reason: The reason, for its caller.
        action: The name of a route's operation; empty where it has none.
    """

    name: str
    reason: str
    action: str = ""
