"""The canonical model of a capability document: one form for every spec line and habit.

The names are the specification's own (camelCase in YAML, snake_case here).
``dialects`` mends what authors write into this form; everything further down
the house reads only this.
"""

from __future__ import annotations

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
        location: What an installed provider reads; empty for the process environment.
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
        mapping: JSONPath; empty where the value is given here or made of members.
        const: A fixed value; None for none.
        value: A fixed value, or a template over the function's inputs; None for none.
    """

    name: str = ""
    type: str | None = None
    description: str = ""
    mapping: str = ""
    const: Any = None
    value: Any = None
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


class CallStep(Node):
    """A step that calls a consumed operation; ``call`` and ``with`` are as for a ``Callable``."""

    type: Literal["call"] = "call"
    name: str
    call: str
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")


class LookupStep(Node):
    """A step that finds entries in what an earlier step gave.

    Attributes:
        index: The step whose output is searched; what follows a dot is a path in it.
        match: The field that is compared.
        lookup_value: What it is compared with: a reference, template or literal, or a list of these.
        output_parameters: The fields to keep of each entry found; none for all.
    """

    type: Literal["lookup"] = "lookup"
    name: str
    index: str
    match: str
    lookup_value: Any
    output_parameters: tuple[str, ...] = ()


class ScriptStep(Node):
    """A step that runs a script in a sandbox.

    Attributes:
        language: Empty for the control adapter's ``defaultLanguage``.
        location: The folder of the scripts; empty for the control adapter's ``defaultLocation``.
        file: The script, below ``location``.
        dependencies: Scripts that are evaluated before it, in order.
    """

    type: Literal["script"] = "script"
    name: str
    language: str = ""
    location: str = ""
    file: str
    dependencies: tuple[str, ...] = ()
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")


Step = Annotated[CallStep | LookupStep | ScriptStep, Field(discriminator="type")]


class StepMapping(Node):
    """``mappings[]``: where a value of the steps goes in the function's answer.

    Attributes:
        target: The output parameter; dots lead into objects.
        value: A reference, template or literal.
    """

    target: str
    value: Any


class Callable(Node):
    """What REST operations, tools and aggregate functions share: a function over consumed operations.

    It calls one operation, or runs steps; where it does neither, its outputs' values are the answer (a mock).

    Attributes:
        call: ``namespace.operation`` of a consumed operation, known to exist; empty for none.
        with_: Consumed parameter name to reference, template or literal.
        given: Values for the inputs of the function that a unit refers to, over those of its own caller.
        steps: In the author's order.
        mappings: What the answer is made of where there are steps.
    """

    name: str
    label: str = ""
    description: str = ""
    call: str = ""
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    given: dict[str, Any] = Field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    mappings: tuple[StepMapping, ...] = ()
    input_parameters: tuple[Parameter, ...] = ()
    output_parameters: tuple[Output, ...] = ()


class Unavailable(Node):
    """A unit that cannot work.

    Attributes:
        name: The tool's or function's name, or ``METHOD /path`` of a route.
        reason: Why, in words for its caller.
    """

    name: str
    reason: str


class Semantics(Node):
    """``semantics`` of an aggregate's function; None where the document says nothing."""

    safe: bool | None = None
    idempotent: bool | None = None
    cacheable: bool | None = None


class AggregateFunction(Callable):
    """``aggregates[].functions[]`` (``flows`` in the ikanos line)."""

    semantics: Semantics | None = None


class Aggregate(Node):
    """``aggregates[]``: functions that adapters refer to. References are resolved before this model is made.

    Attributes:
        unavailable: Functions that were left out, and why.
    """

    label: str = ""
    namespace: str
    functions: tuple[AggregateFunction, ...] = ()
    unavailable: tuple[Unavailable, ...] = ()


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
