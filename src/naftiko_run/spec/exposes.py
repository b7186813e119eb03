"""``exposes``: the adapters that serve a capability, except the control adapter."""

from __future__ import annotations

from typing import Final

from naftiko_run import plugins
from naftiko_run.spec.common import (
    ADDRESS,
    ANYTHING,
    CALLED,
    EXTENDED_IDENTIFIER,
    FILE,
    FLAG,
    FUNCTION_INPUTS,
    IDENTIFIER,
    MEDIA_TYPE,
    METHOD,
    MOCKED,
    ORCHESTRATED,
    PORT,
    REF,
    RUNNABLE,
    SCHEMA,
    SIZE,
    STATUS,
    TEXT,
    TEXTS,
    description_field,
    function_fields,
    inputs_field,
    label_field,
    name_field,
    tags_field,
)
from naftiko_run.spec.schema_types import (
    AnyOf,
    Anything,
    Enum,
    Field,
    Has,
    Integer,
    ListOf,
    MapOf,
    Named,
    NoneOf,
    Object,
    OneOf,
    SpecChoice,
    SpecObject,
    String,
    When,
)


def adapter_fields(
    *, port: int | None = None, needs_port: bool = True, is_named: bool = True, is_described: bool = True
) -> tuple[Field, ...]:
    """Return the rows that every adapter has.

    Args:
        port: The default port; None for none.
        needs_port: Whether the official schemas require ``port``.
        is_named: Whether they define ``namespace``.
        is_described: Whether they define ``description``.
    """
    return (
        Field(
            "port",
            PORT,
            "The port to listen on; adapters can share one.",
            required=needs_port,
            default=f"`{port}`" if port else "",
        ),
        Field(
            "namespace",
            IDENTIFIER,
            "The name of the adapter, and the prefix of references to inputs of its callers.",
            required=is_named,
            is_standard=is_named,
        ),
        Field("description", TEXT, "A description for people and agents.", is_standard=is_described),
        Field("address", ADDRESS, "The address to listen on.", default="`127.0.0.1`"),
        Field(
            "authentication",
            Object("authentication"),
            "How clients authenticate.",
            default="no authentication",
        ),
    )


_MAX_BINARY_SIZE: Final = Field("maxBinarySize", SIZE, "Maximum size of a binary result.", line="ikanos")
_ASKS: Final = Field(
    "x-asks",
    Named("ask", None),
    "What the user or model of the client is asked first.",
    is_standard=False,
)
_CONTENT: Final = Field(
    "x-content",
    ListOf(Object("content")),
    "What the result shows: texts and resources.",
    is_standard=False,
)
_OUTPUT_MEDIA_TYPE: Final = Field(
    "outputMediaType", TEXT, "The media type of a binary result.", line="ikanos", is_standard=False
)

REST_ADAPTER: Final = SpecObject(
    "rest adapter",
    "a REST adapter",
    (
        *adapter_fields(port=8080, is_described=False),
        _MAX_BINARY_SIZE,
        inputs_field("rest", "Parameters of every operation.", is_standard=False),
        Field(
            "resources",
            Named("resource", IDENTIFIER, min_items=1, min_entries=1),
            "The paths that are served.",
        ),
    ),
    schemas=("ExposesRest",),
)

RESOURCE: Final = SpecObject(
    "resource",
    "a resource",
    (
        Field(
            "path", TEXT, "Its path; `{name}` is a path variable.", required=True, example="/forecast/{city}"
        ),
        name_field(required=False),
        label_field(),
        description_field(),
        tags_field(),
        inputs_field("rest", "Parameters that its operations share."),
        Field("operations", Named("operation", IDENTIFIER, min_entries=1), "Its operations."),
        Field("forward", Object("forward"), "Forward requests unchanged to a consumed API."),
    ),
    schemas=("ExposedResource",),
    constraints=(
        AnyOf("a resource needs `operations` or `forward`", (Has(("operations",)), Has(("forward",)))),
    ),
    needs=(("operations", "forward"),),
)

FORWARD: Final = SpecObject(
    "forward",
    "`forward`",
    (
        Field("targetNamespace", IDENTIFIER, "The consumed API that receives the requests.", required=True),
        Field(
            "trustedHeaders",
            ListOf(TEXT, 1),
            "The request headers that are forwarded; no others are.",
        ),
    ),
    schemas=("ForwardConfig",),
    needs=(("targetNamespace",),),
)

OPERATION: Final = SpecObject(
    "operation",
    "an operation",
    (
        Field("method", METHOD, "The HTTP method.", required=True),
        name_field(required=False),
        label_field(),
        description_field(aliases=("summary",)),
        tags_field(),
        *function_fields(inputs_field("rest", FUNCTION_INPUTS), ANYTHING),
        REF,
        Field("path", TEXT, "A path of its own, which continues that of its resource.", is_standard=False),
        _OUTPUT_MEDIA_TYPE,
        Field(
            "responses",
            MapOf(Object("response"), STATUS, is_only_map=True),
            "Its responses, by status such as `200` or `4XX`.",
            line="ikanos",
        ),
        Field(
            "responseBinary", Object("binary response"), "Shorthand for one binary response.", line="ikanos"
        ),
    ),
    schemas=("ExposedOperation",),
    constraints=(
        AnyOf(
            "an operation's outputs are mapped from a response, or named by its steps",
            (
                Has(
                    ORCHESTRATED.fields,
                    ORCHESTRATED.values,
                    also=("name",),
                    title="an operation with `steps`",
                ),
                Has(("ref",)),
                Has(items={"outputParameters": Object("mapped output")}),
            ),
        ),
    ),
    line_constraints={
        "ikanos": (
            NoneOf(
                "an operation cannot have `responses` beside `responseBinary`",
                (Has(("responses", "responseBinary")),),
            ),
        )
    },
    needs=(("method",), RUNNABLE),
)

RESPONSE: Final = SpecObject(
    "response",
    "a response",
    (
        Field("description", TEXT, "What the response means."),
        Field(
            "content",
            MapOf(Object("response content"), MEDIA_TYPE, 1, is_only_map=True),
            "Its content, by media type.",
        ),
    ),
)

RESPONSE_CONTENT: Final = SpecObject(
    "response content",
    "a response's content",
    (
        Field("binary", FLAG, "Whether it is sent as bytes."),
        Field("schema", SCHEMA, "The JSON Schema of the content."),
    ),
)

BINARY_RESPONSE: Final = SpecObject(
    "binary response",
    "`responseBinary`",
    (
        Field("mediaType", MEDIA_TYPE, "The media type.", required=True),
        Field("status", Integer(100, 599), "The status.", default="`200`"),
        Field("description", TEXT, "What the response means."),
    ),
)

MCP_ADAPTER: Final = SpecObject(
    "mcp adapter",
    "an MCP adapter",
    (
        *adapter_fields(port=9090, needs_port=False),
        Field(
            "transport",
            Enum(("http", "stdio"), aliases={"": "http", "sse": "http"}),
            "The transport: HTTP at a port, or stdin and stdout.",
            default="`http`",
        ),
        _MAX_BINARY_SIZE,
        Field(
            "ttlMs",
            Integer(),
            "How long clients can cache lists and contents, in milliseconds.",
            line="ikanos",
        ),
        Field(
            "cacheScope",
            Enum(("public", "private"), is_exact=True),
            "Whether the cached copy of one client can serve others.",
            line="ikanos",
            default="`private`",
        ),
        Field("tools", Named("tool", IDENTIFIER, min_items=1, min_entries=1), "The tools.", required=True),
        Field(
            "resources",
            Named("mcp resource", IDENTIFIER, min_items=1, min_entries=1),
            "The resources that agents can read.",
        ),
        Field(
            "prompts",
            Named("prompt", IDENTIFIER, min_items=1, min_entries=1),
            "Message templates that users can start from.",
        ),
    ),
    schemas=("ExposesMcp",),
    constraints=(
        When(
            Has(("transport",), constants={"transport": "stdio"}),
            NoneOf("an MCP adapter over stdio cannot have `port`", (Has(("port",)),)),
            Has(("port",), title="an MCP adapter over http"),
        ),
    ),
)

TOOL: Final = SpecObject(
    "tool",
    "a tool",
    (
        name_field(required=False),
        label_field(),
        description_field(aliases=("summary",)),
        tags_field(),
        *function_fields(inputs_field("tool", FUNCTION_INPUTS), ANYTHING),
        REF,
        Field("hints", Object("hints"), "Hints about the effects of a call, for clients."),
        _CONTENT,
        _ASKS,
        Field("x-meta", SCHEMA, "The `_meta` of the tool, sent to clients unchanged.", is_standard=False),
        Field("x-maxResult", SIZE, "Maximum size of a result; longer ones are truncated.", is_standard=False),
    ),
    schemas=("McpTool",),
    constraints=(
        When(Has(("ref",)), None, Has(("name", "description"), title="a tool")),
        AnyOf(
            "a tool needs `call`, `steps` or `ref`, or else mock `outputParameters`",
            (CALLED, ORCHESTRATED, Has(("ref",)), MOCKED),
        ),
    ),
    needs=((*RUNNABLE, "x-content"),),
    named_by=("name", "ref"),
)

HINTS: Final = SpecObject(
    "hints",
    "`hints`",
    (
        Field("readOnly", FLAG, "A call changes nothing."),
        Field("destructive", FLAG, "A call may delete or overwrite data."),
        Field("idempotent", FLAG, "Repeated calls have the effect of one."),
        Field("openWorld", FLAG, "A call reaches systems beyond this one."),
    ),
    schemas=("McpToolHints",),
)

MCP_RESOURCE: Final = SpecObject(
    "mcp resource",
    "an MCP resource",
    (
        name_field(EXTENDED_IDENTIFIER),
        label_field(required=True),
        Field(
            "uri",
            TEXT,
            "Its URI; `{name}` makes it a template.",
            required=True,
            example="weather://{city}/forecast",
        ),
        description_field(required=True),
        tags_field(is_standard=False),
        *function_fields(
            inputs_field("tool", FUNCTION_INPUTS, is_standard=False), Anything(("array", "object"))
        ),
        Field("mimeType", MEDIA_TYPE, "The media type of its content."),
        Field("binary", FLAG, "Whether its content is bytes.", line="ikanos"),
        Field("location", FILE, "The file or folder that it serves, as `file:///…`."),
    ),
    schemas=("McpResource",),
    constraints=(
        When(
            Has(("location",)),
            NoneOf(
                "an MCP resource cannot have `call` or `steps` beside `location`",
                (Has(("call",)), Has(("steps",))),
            ),
            OneOf(
                "an MCP resource needs just one of `call`, `steps` and `location`",
                (CALLED, ORCHESTRATED),
            ),
        ),
    ),
    needs=(("uri",), ("call", "steps", "location", "outputParameters")),
)

PROMPT: Final = SpecObject(
    "prompt",
    "a prompt",
    (
        name_field(EXTENDED_IDENTIFIER),
        label_field(required=True),
        description_field(required=True),
        Field(
            "arguments",
            Named("argument", EXTENDED_IDENTIFIER, min_items=1),
            "The arguments that the user passes.",
            aliases=("inputParameters",),
        ),
        Field(
            "template",
            ListOf(Object("message"), 1),
            "The messages; `{{name}}` is an argument.",
            aliases=("messages",),
        ),
        Field("location", FILE, "The file that contains the text, as `file:///…`."),
        _ASKS,
    ),
    schemas=("McpPrompt",),
    constraints=(
        OneOf(
            "a prompt needs just one of `template` and `location`",
            (Has(("template",)), Has(("location",))),
        ),
    ),
    needs=(("template", "location"),),
    named_by=("name",),
)

ARGUMENT: Final = SpecObject(
    "argument",
    "a prompt's argument",
    (
        name_field(EXTENDED_IDENTIFIER),
        description_field(required=True),
        label_field(),
        Field("required", FLAG, "Whether the user must pass it.", default="`true`"),
        Field("enum", TEXTS, "The allowed values.", is_standard=False),
    ),
    schemas=("McpPromptArgument",),
    named_by=("name",),
)

ROLE: Final = Enum(("user", "assistant"))

MESSAGE: Final = SpecObject(
    "message",
    "a prompt's message",
    (
        Field("role", ROLE, "The role of the speaker.", required=True, default="`user`"),
        Field(
            "content",
            String(accepts=("string", "object")),
            "The text; `{{name}}` is an argument.",
            required=True,
        ),
        Field(
            "x-content",
            ListOf(Object("content")),
            "What is shown: texts and resources.",
            is_standard=False,
        ),
    ),
    schemas=("McpPromptMessage",),
    needs=(("content", "x-content"),),
)

CONTENT: Final = SpecObject(
    "content",
    "a part of `x-content`",
    (
        Field("text", TEXT, "A text; `{{name}}` is an input.", is_standard=False),
        Field(
            "resource",
            TEXT,
            "The URI of a resource of this adapter, whose content is shown.",
            is_standard=False,
        ),
    ),
    needs=(("text", "resource"),),
)

ASK: Final = SpecObject(
    "ask",
    "an entry of `x-asks`",
    (
        Field(
            "name",
            TEXT,
            "Its name; the answer is `{{name}}`, and a field of it `{{name.field}}`.",
            is_standard=False,
        ),
        Field("user", TEXT, "A question to the user of the client.", is_standard=False),
        Field("model", TEXT, "A prompt to the model of the client.", is_standard=False),
        Field("roots", FLAG, "Ask the client for the folders that it works in.", is_standard=False),
        Field("answer", SCHEMA, "The JSON Schema of the user's answer.", is_standard=False),
        Field(
            "maxTokens",
            Integer(1),
            "Maximum length of the model's answer, in tokens.",
            is_standard=False,
            default="`1000`",
        ),
        Field(
            "required",
            FLAG,
            "Whether the call fails without an answer.",
            is_standard=False,
            default="`true`",
        ),
    ),
    needs=(("user", "model", "roots"),),
    named_by=("name",),
)

SKILL_ADAPTER: Final = SpecObject(
    "skill adapter",
    "a skill adapter",
    (
        *adapter_fields(port=3011),
        Field("skills", Named("skill", IDENTIFIER, min_items=1, min_entries=1), "The skills.", required=True),
    ),
    schemas=("ExposesSkill",),
)

SKILL: Final = SpecObject(
    "skill",
    "a skill",
    (
        name_field(),
        description_field(
            "What it is for, and when to use it.", type_=String(max_length=1024), required=True
        ),
        Field("license", TEXT, "Its licence."),
        Field("compatibility", String(max_length=500), "Its requirements."),
        Field("metadata", MapOf(TEXT, is_only_map=True), "Further metadata."),
        Field("allowed-tools", String(max_length=1024), "The tools that it may use, separated by spaces."),
        Field("argument-hint", TEXT, "What a user can add when invoking it."),
        Field("user-invocable", FLAG, "Whether users can invoke it.", default="`true`"),
        Field(
            "disable-model-invocation",
            FLAG,
            "Whether agents cannot invoke it themselves.",
            default="`false`",
        ),
        Field("location", FILE, "The folder that contains it, as `file:///…`.", default="made of its tools"),
        Field(
            "tools",
            Named("skill tool", IDENTIFIER, min_items=1, min_entries=1),
            "The tools that it describes.",
        ),
    ),
    schemas=("ExposedSkill",),
    named_by=("name",),
)

SKILL_TOOL: Final = SpecObject(
    "skill tool",
    "a skill's tool",
    (
        name_field(),
        description_field("What it is for in this skill.", required=True),
        Field("from", Object("skill source"), "The tool or operation of another adapter."),
        Field("instruction", TEXT, "A file of the skill with instructions."),
    ),
    schemas=("SkillTool",),
    constraints=(
        OneOf(
            "a skill's tool needs just one of `from` and `instruction`",
            (Has(("from",)), Has(("instruction",))),
        ),
    ),
    needs=(("from", "instruction"),),
    named_by=("name",),
)

SKILL_SOURCE: Final = SpecObject(
    "skill source",
    "`from`",
    (
        Field("sourceNamespace", TEXT, "The namespace of the adapter.", required=True),
        Field("action", TEXT, "The name of the tool or operation.", required=True),
    ),
    needs=(("sourceNamespace",), ("action",)),
)

EXPOSES: Final = SpecChoice(
    "exposes",
    "an adapter",
    "What it serves: a `rest` API, an `mcp` server, `skill`s for agents, or `control` of this process.",
    {"rest": "rest adapter", "mcp": "mcp adapter", "skill": "skill adapter", "control": "control adapter"},
    aliases={"api": "rest"},
    is_alias_reported=True,
    groups=(plugins.EXPOSERS,),
    type_by_key={"tools": "mcp", "resources": "rest", "skills": "skill"},
)

OBJECTS: Final = (
    REST_ADAPTER,
    RESOURCE,
    FORWARD,
    OPERATION,
    RESPONSE,
    RESPONSE_CONTENT,
    BINARY_RESPONSE,
    MCP_ADAPTER,
    TOOL,
    HINTS,
    MCP_RESOURCE,
    PROMPT,
    ARGUMENT,
    MESSAGE,
    CONTENT,
    ASK,
    SKILL_ADAPTER,
    SKILL,
    SKILL_TOOL,
    SKILL_SOURCE,
)
CHOICES: Final = (EXPOSES,)
