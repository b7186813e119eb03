"""The canonical model of a capability document: one form for every spec line and habit.

The names are the specification's own (camelCase in YAML, snake_case here).
``dialects`` mends what authors write into this form; everything further down
the house reads only this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, SkipValidation, Tag
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


class Info(Node):
    """``info``: what the capability is, for people."""

    label: str = ""
    description: str = ""
    version: str = ""
    tags: tuple[str, ...] = ()


class Bind(Node):
    """``binds[]``: variables and the keys that a provider knows them by.

    Attributes:
        location: URI of the provider; empty for the process environment.
        keys: Variable name to provider key.
    """

    namespace: str = "env"
    description: str = ""
    location: str = ""
    keys: dict[str, str] = Field(default_factory=dict)


class Parameter(Node):
    """An input parameter, consumed or exposed.

    Attributes:
        in_: Where it travels; None where the document leaves that to the adapter.
        required: None where the document says nothing.
        value: A fixed value or template that fills it; None where the caller does.
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
    items: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None


class ConsumedOutput(Node):
    """``consumes…outputParameters[]``: a named piece of the decoded response.

    Attributes:
        value: JSONPath.
    """

    name: str = ""
    type: str | None = None
    value: str = "$"


class Output(Node):
    """An exposed output parameter: how a piece of the answer is made.

    Attributes:
        mapping: JSONPath; empty where the value is ``const`` or made of members.
    """

    name: str = ""
    type: str | None = None
    description: str = ""
    mapping: str = ""
    const: Any = None
    properties: tuple[Output, ...] = ()
    items: Output | None = None
    values: Output | None = None
    max_length: int | None = None


class Body(Node):
    """The body of a consumed operation.

    Attributes:
        type: ``raw`` for a body that is only text: JSON where it reads as JSON, else sent as it is.
        data: Text or a structure; text inside is a template. None where the
            ``in: body`` parameters make the body.
    """

    type: BodyType
    data: Any = None


class Authentication(Node):
    """An authentication scheme and its settings, which the scheme itself reads."""

    type: str
    settings: dict[str, Any] = Field(default_factory=dict)


class ConsumedOperation(Node):
    """``consumes…operations[]``: one HTTP operation of the upstream."""

    name: str
    method: Method
    description: str = ""
    input_parameters: tuple[Parameter, ...] = ()
    output_raw_format: str = "json"
    output_parameters: tuple[ConsumedOutput, ...] = ()
    body: Body | None = None


class ConsumedResource(Node):
    """``consumes…resources[]``: a path and the operations on it."""

    path: str = ""
    input_parameters: tuple[Parameter, ...] = ()
    operations: tuple[ConsumedOperation, ...] = ()


class Consumes(Node):
    """``consumes[]``: an HTTP API that the capability calls.

    Attributes:
        base_uri: Its variables are written ``{{X}}``; no trailing slash.
    """

    type: Literal["http"] = "http"
    namespace: str
    base_uri: str
    description: str = ""
    authentication: Authentication | None = None
    input_parameters: tuple[Parameter, ...] = ()
    resources: tuple[ConsumedResource, ...] = ()


class Callable(Node):
    """What REST operations and MCP tools share: a function over consumed operations.

    Attributes:
        call: ``namespace.operation`` of a consumed operation, known to exist.
        with_: Consumed parameter name to reference, template or literal.
    """

    name: str
    label: str = ""
    description: str = ""
    call: str
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    input_parameters: tuple[Parameter, ...] = ()
    output_parameters: tuple[Output, ...] = ()


class Unavailable(Node):
    """A unit that cannot work.

    Attributes:
        name: The tool's name, or ``METHOD /path`` of a route.
        reason: Why, in words for its caller.
    """

    name: str
    reason: str


class RestOperation(Callable):
    """``exposes[rest]…operations[]``."""

    method: Method


class RestResource(Node):
    """``exposes[rest].resources[]``."""

    path: str
    description: str = ""
    input_parameters: tuple[Parameter, ...] = ()
    operations: tuple[RestOperation, ...] = ()


class Hints(Node):
    """``hints`` of a tool; None where the document says nothing."""

    read_only: bool | None = None
    destructive: bool | None = None
    idempotent: bool | None = None
    open_world: bool | None = None


class Tool(Callable):
    """``exposes[mcp].tools[]``."""

    hints: Hints | None = None


class Exposes(Node):
    """``exposes[]``: an adapter. A type without a model of its own is this, for its plugin to read.

    Attributes:
        settings: The block as the author wrote it.
        unavailable: Units that were left out, and why.
    """

    type: str
    namespace: str = ""
    address: str = ""
    port: int | None = Field(default=None, ge=0, le=65535)
    description: str = ""
    authentication: Authentication | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    unavailable: tuple[Unavailable, ...] = ()


class RestExposes(Exposes):
    """The REST adapter."""

    type: Literal["rest"] = "rest"
    input_parameters: tuple[Parameter, ...] = ()
    resources: tuple[RestResource, ...] = ()


class McpExposes(Exposes):
    """The MCP adapter."""

    type: Literal["mcp"] = "mcp"
    transport: Literal["http", "stdio"] = "http"
    tools: tuple[Tool, ...] = ()


def _exposes_kind(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", "")
    return kind if kind in ("rest", "mcp") else "other"


AnyExposes = Annotated[
    Annotated[RestExposes, Tag("rest")]
    | Annotated[McpExposes, Tag("mcp")]
    | Annotated[Exposes, Tag("other")],
    Discriminator(_exposes_kind),
]


class Document(Node):
    """A whole capability document.

    Attributes:
        spec: The specification version that it names; empty where it names none.
        namespaces: Every expose namespace: prefixes of references to the caller's inputs.
    """

    spec: str = ""
    info: Info = Info()
    binds: tuple[Bind, ...] = ()
    consumes: tuple[Consumes, ...] = ()
    exposes: tuple[AnyExposes, ...] = ()

    def units(self) -> Iterator[Callable]:
        """Give every REST operation and MCP tool."""
        for exposed in self.exposes:
            if isinstance(exposed, RestExposes):
                for resource in exposed.resources:
                    yield from resource.operations
            elif isinstance(exposed, McpExposes):
                yield from exposed.tools
