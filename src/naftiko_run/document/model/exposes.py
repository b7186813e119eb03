"""``exposes``: the adapters, and what each serves."""

from dataclasses import field, fields
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Discriminator, Field, SkipValidation, Tag

from naftiko_run.diagnostics import Pointer
from naftiko_run.document.model.base import Authentication, Node, Parameter, Unavailable, node
from naftiko_run.document.model.functions import FunctionModel, Semantics
from naftiko_run.spec.common import Method

SKILL_FILE: Final = "SKILL.md"
"""The file that every skill has."""


@node
class SkillSource(Node):
    """``from``: the operation or tool of a sibling adapter that a skill's tool refers to.

    Attributes:
        mode: The sibling's type.
        action: The operation's or tool's name.
        title: ``METHOD /path`` of an operation, or the tool's name.
        unit: The place of the operation or tool, which may be unavailable.
    """

    mode: Literal["rest", "mcp"]
    source_namespace: str
    action: str
    title: str
    unit: Annotated[Pointer, SkipValidation]


@node
class SkillTool(Node):
    """``skills[].tools[]``: a tool or operation of a sibling adapter, or a file of instructions.

    Attributes:
        description: Empty for that of the source.
        instruction: A file below the skill's ``location``; empty for a derived tool.
        reason: The reason why it cannot be used; empty where it can.
    """

    name: str
    description: str = ""
    source: Annotated[SkillSource | None, Field(alias="from")] = None
    instruction: str = ""
    reason: str = ""


@node
class Skill(Node):
    """``exposes[skill].skills[]``; the attributes are the front matter of its ``SKILL.md``.

    Attributes:
        location: A folder with ``SKILL.md`` and further files; empty where it is generated from the tools.
    """

    name: str
    description: str = ""
    license: str = ""
    compatibility: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    allowed_tools: tuple[str, ...] = ()
    argument_hint: str = ""
    user_invocable: bool = True
    disable_model_invocation: bool = False
    location: str = ""
    tools: tuple[SkillTool, ...] = ()


@node
class RestOperation(FunctionModel):
    """``exposes[rest]…operations[]``."""

    method: Method


@node
class Forward(Node):
    """``forward``: requests are forwarded unchanged to a consumed namespace.

    Attributes:
        trusted_headers: The only request headers that are forwarded, in lower case.
    """

    target_namespace: str
    trusted_headers: tuple[str, ...] = ()


@node
class RestResource(Node):
    """``exposes[rest].resources[]``.

    Attributes:
        path: Including the static query that requests must have, if any: see ``parse_route``.
    """

    path: str
    description: str = ""
    input_parameters: tuple[Parameter, ...] = ()
    operations: tuple[RestOperation, ...] = ()
    forward: Forward | None = None


@node
class Hints(Node):
    """``hints`` of a tool; None where unset."""

    read_only: bool | None = None
    destructive: bool | None = None
    idempotent: bool | None = None
    open_world: bool | None = None


@node
class Content(Node):
    """``x-content[]``: a part of what a tool's result or a prompt's message shows.

    Attributes:
        text: A text; empty where a resource is shown.
        resource: The URI of a resource of the same adapter; empty for a text. Both are templates.
    """

    text: str = ""
    resource: str = ""


@node
class Ask(Node):
    """``x-asks[]``: a question to the client before the call.

    Attributes:
        of: Who answers: the user, the model, or the client itself with its roots.
        text: The question; a template, also over earlier answers.
        answer: JSON Schema of the user's answer.
        max_tokens: Maximum length of the model's answer.
        required: Whether the call fails without an answer.
    """

    name: str
    of: Literal["user", "model", "roots"]
    text: str = ""
    answer: dict[str, Any] = field(default_factory=dict)
    max_tokens: int = 1000
    required: bool = True


@node
class Tool(FunctionModel):
    """``exposes[mcp].tools[]``.

    Attributes:
        written_name: Its name as written; ``name`` is one that every client accepts.
        content: What its result shows; empty where that is its output.
        asks: The questions to the client; the answers are inputs.
        max_result: Maximum size of a result in bytes; None where unset.
        meta: ``_meta`` of the tool, for clients.
    """

    written_name: str = ""
    hints: Hints | None = None
    content: tuple[Content, ...] = ()
    asks: tuple[Ask, ...] = ()
    max_result: int | None = None
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def is_safe(self) -> bool | None:
        """Whether it is read-only, by its hints or the semantics of its function; None where unknown."""
        hints = self.hints or Hints()
        if hints.read_only is None and hints.destructive:
            return False
        semantics = self.semantics or Semantics()
        return semantics.safe if hints.read_only is None else hints.read_only


@node
class Resource(FunctionModel):
    """``exposes[mcp].resources[]``: files, or a function whose result is the content.

    Attributes:
        written_name: As for a tool; empty where unset.
        uri: Its variables, written ``{x}``, are inputs of the function.
        mime_type: Empty for that of the content.
        binary: Whether the content is sent as bytes, whatever its type.
        location: A folder or file; empty for a function.
    """

    uri: str
    written_name: str = ""
    mime_type: str = ""
    binary: bool = False
    location: str = ""


@node
class PromptArgument(Node):
    """``prompts[].arguments[]``."""

    name: str
    label: str = ""
    description: str = ""
    required: bool = True
    enum: tuple[str, ...] = ()


@node
class PromptMessage(Node):
    """``prompts[].template[]``: a message with ``{{argument}}`` in it; a text, or a resource that it shows."""

    role: Literal["user", "assistant"]
    content: Content


@node
class Prompt(Node):
    """``exposes[mcp].prompts[]``.

    Attributes:
        written_name: As for a tool.
        template: Its messages; empty where ``location`` names a file with the only message.
        asks: The questions to the client; the answers are arguments.
    """

    name: str
    written_name: str = ""
    label: str = ""
    description: str = ""
    arguments: tuple[PromptArgument, ...] = ()
    template: tuple[PromptMessage, ...] = ()
    location: str = ""
    asks: tuple[Ask, ...] = ()


@node
class Exposes(Node):
    """``exposes[]``: an adapter. Those of plugins are of this class until their plugin parses their ``settings``.

    Attributes:
        transport: How clients connect: over HTTP, or on stdin and stdout without a port.
        max_binary_size: Maximum size of a binary result; None where unset.
        settings: The adapter as written, for its plugin; empty for ``rest``, ``mcp`` and ``skill``.
        unavailable: What is left out, with the reasons.
    """

    type: str
    namespace: str = ""
    address: str = ""
    port: Annotated[int | None, Field(ge=0, le=65535)] = None
    transport: Literal["http", "stdio"] = "http"
    description: str = ""
    authentication: Authentication | None = None
    max_binary_size: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    unavailable: tuple[Unavailable, ...] = ()

    @classmethod
    def of(cls, exposes: "Exposes", **own: Any) -> Self:
        """Return an adapter of this class, with the fields of another and its own."""
        return cls(**{each.name: getattr(exposes, each.name) for each in fields(exposes)} | own)

    @property
    def name(self) -> str:
        """Its name for people: its namespace, else its type."""
        return self.namespace or self.type

    @property
    def is_stdio(self) -> bool:
        """Whether it uses stdin and stdout and no port."""
        return self.transport == "stdio"


@node
class RestExposes(Exposes):
    """The REST adapter."""

    type: Literal["rest"] = "rest"
    input_parameters: tuple[Parameter, ...] = ()
    resources: tuple[RestResource, ...] = ()


@node
class McpExposes(Exposes):
    """The MCP adapter.

    Attributes:
        ttl_ms: How long clients can cache lists and contents, in milliseconds.
        cache_scope: Whether the cached copy of one client can serve others.
    """

    type: Literal["mcp"] = "mcp"
    tools: tuple[Tool, ...] = ()
    resources: tuple[Resource, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    ttl_ms: Annotated[int, Field(ge=0)] = 0
    cache_scope: Literal["public", "private"] = "private"

    @property
    def converses(self) -> bool:
        """Whether any of its tools or prompts asks its client something (``x-asks``)."""
        return any(tool.asks for tool in self.tools) or any(prompt.asks for prompt in self.prompts)


@node
class SkillExposes(Exposes):
    """The skill adapter: a catalogue that executes nothing."""

    type: Literal["skill"] = "skill"
    skills: tuple[Skill, ...] = ()


def _exposes_kind(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", "")
    return kind if kind in ("rest", "mcp", "skill") else "other"


AnyExposes = Annotated[
    Annotated[RestExposes, Tag("rest")]
    | Annotated[McpExposes, Tag("mcp")]
    | Annotated[SkillExposes, Tag("skill")]
    | Annotated[Exposes, Tag("other")],
    Discriminator(_exposes_kind),
]
