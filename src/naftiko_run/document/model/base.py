"""What every part of the model is made of, and what consumed and exposed parts have in common."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SkipValidation
from pydantic.alias_generators import to_camel

from naftiko_run.diagnostics import Pointer

ParameterType = Literal["string", "number", "integer", "boolean", "array", "object"]
Location = Literal["query", "header", "path", "cookie", "body", "environment"]
BodyType = Literal[
    "json", "raw", "text", "xml", "yaml", "sparql", "formUrlEncoded", "multipartForm", "binary"
]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Node(BaseModel):
    """A part of a document that knows where it stands.

    Attributes:
        pointer: Its place in the author's document.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, alias_generator=to_camel)

    pointer: Annotated[Pointer, SkipValidation] = ()


class Parameter(Node):
    """An input parameter, consumed or exposed.

    Attributes:
        in_: Where it travels; None where the document leaves that to the adapter.
        required: None where the document says nothing.
        value: A fixed value or template that fills it; None where the caller does.
        constraints: Further keywords of JSON Schema, as they are written.
    """

    name: str
    in_: Location | None = Field(default=None, alias="in")
    type: ParameterType | None = None
    description: str = ""
    required: bool | None = None
    value: Any = None
    pattern: str | None = None
    enum: tuple[Any, ...] = ()
    default: Any = None
    format: str | None = None
    constraints: dict[str, Any] = Field(default_factory=dict)
    items: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None


class Authentication(Node):
    """An authentication scheme and its settings, which the scheme itself reads."""

    type: str
    settings: dict[str, Any] = Field(default_factory=dict)


class Unavailable(Node):
    """A unit that cannot work.

    Attributes:
        name: The tool's or function's name, or ``METHOD /path`` of a route.
        reason: Why, in words for its caller.
        action: The name of a route's operation; empty where it has none.
    """

    name: str
    reason: str
    action: str = ""
