"""``exposes``: the adapters that serve a capability."""

from __future__ import annotations

from naftiko_run.document.strict.consumes import AUTHENTICATION
from naftiko_run.document.strict.control import control
from naftiko_run.document.strict.functions import MAPPED, called, inputs, mocked, orchestrated, routine
from naftiko_run.document.strict.line import Line
from naftiko_run.document.strict.rules import (
    ANYTHING,
    FLAG,
    Rule,
    by_type,
    choice,
    has,
    list_of,
    map_of,
    one_of,
    record,
    some_of,
    text,
    unlike,
    when,
)
from naftiko_run.document.strict.texts import (
    ADDRESS,
    CALL,
    EXTENDED_IDENTIFIER,
    FILE,
    IDENTIFIER,
    INPUT_TYPE,
    MEDIA_TYPE,
    METHOD,
    PORT,
    TEXT,
)


def adapters(line: Line) -> Rule:
    """An adapter of any kind."""
    kinds = {"rest": _rest(line), "mcp": _mcp(line), "skill": _skills(line), "control": control()}
    return by_type("an adapter", kinds)


def _rest(line: Line) -> Rule:
    parameter = record(
        "an input parameter",
        {
            **line.name(EXTENDED_IDENTIFIER),
            "in": choice("query", "header", "path", "cookie", "body"),
            "type": INPUT_TYPE,
            "description": TEXT,
        },
        {"pattern": TEXT, "value": TEXT},
    )
    parameters = line.named(parameter, names=EXTENDED_IDENTIFIER)
    taking_steps = orchestrated(line)
    if names := line.name():
        taking_steps["allOf"] = [has(*names, title="an operation with `steps`")]
    operation = line.record(
        "an operation",
        {"method": METHOD},
        {
            **line.name(),
            line.label: TEXT,
            "description": TEXT,
            "inputParameters": parameters,
            "ref": CALL,
            **routine(line),
        },
        some_of(
            "an operation's outputs are mapped from a response, or given by its steps",
            taking_steps,
            has("ref"),
            {"properties": {"outputParameters": {"items": MAPPED}}},
        ),
        unlike(
            "an operation cannot have `responses` beside `responseBinary`", has("responses", "responseBinary")
        ),
    )
    forward = record(
        "`forward`", {"targetNamespace": IDENTIFIER}, {"trustedHeaders": list_of(TEXT, at_least=1)}
    )
    resource = line.record(
        "a resource",
        {"path": TEXT},
        {
            **line.name(),
            line.label: TEXT,
            "description": TEXT,
            "inputParameters": parameters,
            "operations": line.named(operation, at_least=1 if line.keyed else 0),
            "forward": forward,
        },
        some_of("a resource needs `operations` or `forward`", has("operations"), has("forward")),
    )
    return line.record(
        "a REST adapter",
        {"port": PORT, "namespace": IDENTIFIER},
        {
            "address": ADDRESS,
            "authentication": AUTHENTICATION,
            "resources": line.named(resource, at_least=1),
        },
    )


def _mcp(line: Line) -> Rule:
    return line.record(
        "an MCP adapter",
        {"namespace": IDENTIFIER, "tools": line.named(_tool(line), at_least=1)},
        {
            "transport": choice("http", "stdio"),
            "address": ADDRESS,
            "port": PORT,
            "description": TEXT,
            "authentication": AUTHENTICATION,
            "resources": line.named(_mcp_resource(line), at_least=1),
            "prompts": line.named(_prompt(line), at_least=1),
        },
        when(
            {**has("transport"), "properties": {"transport": {"const": "stdio"}}},
            unlike("an MCP adapter over stdio cannot have `port`", has("port")),
            has("port", title="an MCP adapter over http"),
        ),
    )


def _tool(line: Line) -> Rule:
    hints = {"readOnly": FLAG, "destructive": FLAG, "idempotent": FLAG, "openWorld": FLAG}
    return line.record(
        "a tool",
        {},
        {
            **line.name(),
            line.label: TEXT,
            "description": TEXT,
            "inputParameters": inputs(line),
            "ref": CALL,
            **routine(line),
            "hints": record("`hints`", {}, hints),
        },
        when(has("ref"), ANYTHING, has(*line.name(), "description", title="a tool")),
        some_of(
            "a tool needs `call`, `steps` or `ref`, or else mock `outputParameters`",
            called(),
            orchestrated(line),
            has("ref"),
            mocked(line),
        ),
    )


def _mcp_resource(line: Line) -> Rule:
    return line.record(
        "an MCP resource",
        {**line.name(EXTENDED_IDENTIFIER), line.label: TEXT, "uri": TEXT, "description": TEXT},
        {"mimeType": MEDIA_TYPE, **routine(line), "location": FILE},
        when(
            has("location"),
            unlike(
                "an MCP resource cannot have `call` or `steps` beside `location`", has("call"), has("steps")
            ),
            one_of(
                "an MCP resource needs just one of `call`, `steps` and `location`",
                called(),
                orchestrated(line),
            ),
        ),
    )


def _prompt(line: Line) -> Rule:
    argument = record(
        "a prompt's argument",
        {**line.name(EXTENDED_IDENTIFIER), "description": TEXT},
        {line.label: TEXT, "required": FLAG},
    )
    message = record("a prompt's message", {"role": choice("user", "assistant"), "content": TEXT})
    return line.record(
        "a prompt",
        {**line.name(EXTENDED_IDENTIFIER), line.label: TEXT, "description": TEXT},
        {
            "arguments": line.named(argument, names=EXTENDED_IDENTIFIER, at_least=0 if line.keyed else 1),
            "template": list_of(message, at_least=1),
            "location": FILE,
        },
        one_of("a prompt needs just one of `template` and `location`", has("template"), has("location")),
    )


def _skills(line: Line) -> Rule:
    tool = record(
        "a skill's tool",
        {**line.name(), "description": TEXT},
        {
            "from": record("`from`", {"sourceNamespace": TEXT, "action": TEXT}),
            "instruction": TEXT,
        },
        one_of("a skill's tool needs just one of `from` and `instruction`", has("from"), has("instruction")),
    )
    skill = record(
        "a skill",
        {**line.name(), "description": text(longest=1024)},
        {
            "license": TEXT,
            "compatibility": text(longest=500),
            "metadata": map_of(TEXT),
            "allowed-tools": text(longest=1024),
            "argument-hint": TEXT,
            "user-invocable": FLAG,
            "disable-model-invocation": FLAG,
            "location": FILE,
            "tools": line.named(tool, at_least=1),
        },
    )
    return record(
        "a skill adapter",
        {"port": PORT, "namespace": IDENTIFIER, "skills": line.named(skill, at_least=1)},
        {"address": ADDRESS, "description": TEXT, "authentication": AUTHENTICATION},
    )
