"""``exposes``: the adapters, and what each serves."""

from dataclasses import field
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from naftiko_run.document.model.base import Authentication, Node, Parameter, Unavailable, node
from naftiko_run.document.model.functions import Callable, Semantics
from naftiko_run.document.model.skills import Skill
from naftiko_run.spec.values import Method


@node
class RestOperation(Callable):
    """``exposes[rest]…operations[]``."""

    method: Method


@node
class Forward(Node):
    """``forward``: requests are passed on to a consumed namespace as they are.

    Attributes:
        trusted_headers: The only headers of callers that are passed on, in lower case.
    """

    target_namespace: str
    trusted_headers: tuple[str, ...] = ()


@node
class RestResource(Node):
    """``exposes[rest].resources[]``.

    Attributes:
        path: With the static query that requests must have, where it says one: see ``parse_route``.
    """

    path: str
    description: str = ""
    input_parameters: tuple[Parameter, ...] = ()
    operations: tuple[RestOperation, ...] = ()
    forward: Forward | None = None


@node
class Hints(Node):
    """``hints`` of a tool; None where the document says nothing."""

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
    """``x-asks[]``: what the client is asked for before anything is done.

    Attributes:
        of: Who answers: the user, the model, or the client itself, which tells its roots.
        text: What the user or the model reads; a template, also over earlier answers.
        answer: JSON Schema of the user's answer.
        max_tokens: How long the model's answer may be.
        required: Whether nothing is done without an answer.
    """

    name: str
    of: Literal["user", "model", "roots"]
    text: str = ""
    answer: dict[str, Any] = field(default_factory=dict)
    max_tokens: int = 1000
    required: bool = True


@node
class Tool(Callable):
    """``exposes[mcp].tools[]``.

    Attributes:
        written_name: Its name as the document writes it, where ``name`` is what every client takes.
        content: What its result shows; none where that is made of its answer.
        asks: What the client is asked for; the answers are inputs.
        max_result: The longest result, in bytes; None where the document says nothing.
        meta: ``_meta`` of the tool, for clients that know what it means.
    """

    written_name: str = ""
    hints: Hints | None = None
    content: tuple[Content, ...] = ()
    asks: tuple[Ask, ...] = ()
    max_result: int | None = None
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def is_safe(self) -> bool | None:
        """Whether its hints, or the semantics of what it refers to, say that it changes nothing."""
        hints = self.hints or Hints()
        if hints.read_only is None and hints.destructive:
            return False
        semantics = self.semantics or Semantics()
        return semantics.safe if hints.read_only is None else hints.read_only


@node
class Resource(Callable):
    """``exposes[mcp].resources[]``: files, or a function whose answer is the content.

    Attributes:
        written_name: As for a tool; empty where the document gives it none.
        uri: Its variables, written ``{x}``, are inputs of the function.
        mime_type: Empty for the content's own.
        binary: Whether the content travels as bytes whatever its type.
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
        template: Its messages; none where ``location`` names a file that is the one message.
        asks: What the client is asked for; the answers are arguments.
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
    """``exposes[]``: an adapter. A type without a model of its own is this, for its plugin to read.

    Attributes:
        max_binary_size: Of answers that are bytes; None where the document says nothing.
        settings: The block as the author wrote it, for a plugin to read; nothing of ``rest`` and ``mcp``.
        unavailable: Units that were left out, and why.
    """

    type: str
    namespace: str = ""
    address: str = ""
    port: Annotated[int | None, Field(ge=0, le=65535)] = None
    description: str = ""
    authentication: Authentication | None = None
    max_binary_size: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    unavailable: tuple[Unavailable, ...] = ()


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
        ttl_ms: How long clients may keep lists and contents, in milliseconds.
        cache_scope: Whether one client's copy may serve another.
    """

    type: Literal["mcp"] = "mcp"
    transport: Literal["http", "stdio"] = "http"
    tools: tuple[Tool, ...] = ()
    resources: tuple[Resource, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    ttl_ms: Annotated[int, Field(ge=0)] = 0
    cache_scope: Literal["public", "private"] = "private"

    @property
    def converses(self) -> bool:
        """Whether anything of it asks its caller for something (``x-asks``)."""
        return any(tool.asks for tool in self.tools) or any(prompt.asks for prompt in self.prompts)


def is_piped(exposes: Exposes) -> bool:
    """Whether an adapter is on stdin and stdout (``transport: stdio``), and so on no port."""
    return isinstance(exposes, McpExposes) and exposes.transport == "stdio"


@node
class SkillExposes(Exposes):
    """The skill adapter: a catalogue, which executes nothing."""

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
