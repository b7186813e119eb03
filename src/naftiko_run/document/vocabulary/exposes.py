"""``exposes``: the adapters that serve a capability."""

from __future__ import annotations

from typing import Final

from naftiko_run.document.vocabulary.consumes import METHOD
from naftiko_run.document.vocabulary.functions import REFERENCE, ROUTINE, RUNNABLE
from naftiko_run.document.vocabulary.words import (
    FILE,
    FLAG,
    KEYED,
    LIST,
    OPEN,
    PORT,
    SIZE,
    TEXT,
    TEXTS,
    TEXTS_BY_NAME,
    Choice,
    Key,
    Shape,
    choice,
    named,
    whole,
    words,
)

ADAPTER: Final = {
    "namespace": Key("The adapter's name, and the prefix of references to its callers' inputs.", TEXT),
    "description": Key("What the adapter offers, for people and agents.", TEXT),
    "address": Key("The address to listen on; `127.0.0.1` without.", TEXT),
    "port": Key("The port to listen on; adapters of several documents can share one.", PORT),
    "authentication": Key("How callers authenticate; everyone may call without.", part="authentication"),
}
"""What every adapter has."""

_UNIT: Final = {
    "summary": Key("What it does.", TEXT, instead="`description`"),
    **ROUTINE,
    **REFERENCE,
}
_ASKS: Final = Key("What the client's user or model is asked for first.", members="ask")
_LARGEST: Final = Key("The largest binary answer given.", SIZE, line="ikanos")

SHAPES: Final = {
    "rest adapter": Shape(
        "a rest adapter",
        {
            **ADAPTER,
            "maxBinarySize": _LARGEST,
            "inputParameters": Key("What every operation takes.", members="input", has_scalars=True),
            "resources": Key("The paths that are served.", members="resource"),
        },
    ),
    "resource": Shape(
        "a resource",
        {
            **named(),
            "path": Key("Its path; `{name}` is a path variable.", TEXT),
            "inputParameters": Key("What its operations share.", members="input", has_scalars=True),
            "operations": Key("What callers can do on it.", members="operation"),
            "forward": Key("Pass requests on to a consumed API as they are.", part="forward"),
        },
        needs=(("operations", "forward"),),
    ),
    "forward": Shape(
        "`forward`",
        {
            "targetNamespace": Key("The consumed API that gets the requests.", TEXT),
            "trustedHeaders": Key("The callers' headers that are passed on; no others are.", TEXTS),
        },
        needs=(("targetNamespace",),),
    ),
    "operation": Shape(
        "an operation",
        {
            **named(),
            **_UNIT,
            "method": Key("The HTTP method that it answers.", METHOD),
            "path": Key("A path of its own, which continues its resource's.", TEXT),
            "outputMediaType": Key("The media type of a binary answer.", TEXT, line="ikanos"),
            "responses": Key(
                "What it answers, by status such as `200` or `4XX`.",
                members="response",
                form=KEYED,
                line="ikanos",
            ),
            "responseBinary": Key(
                "In short: it answers with binary content.", part="binary response", line="ikanos"
            ),
        },
        needs=(("method",), RUNNABLE),
    ),
    "response": Shape(
        "a response",
        {
            "description": Key("What the answer means.", TEXT),
            "content": Key("What it holds, by media type.", members="response content", form=KEYED),
        },
    ),
    "response content": Shape(
        "a response's content",
        {
            "binary": Key("Whether it is passed on as bytes.", FLAG),
            "schema": Key("The JSON Schema of the content.", OPEN),
        },
    ),
    "binary response": Shape(
        "`responseBinary`",
        {
            "mediaType": Key("The media type of the answer.", TEXT),
            "status": Key("The status of the answer; 200 without.", whole(100, 599)),
            "description": Key("What the answer means.", TEXT),
        },
    ),
    "mcp adapter": Shape(
        "an mcp adapter",
        {
            **ADAPTER,
            "transport": Key(
                "How the client connects: at a port, or `stdio`, on stdin and stdout; `http` without.",
                words("http", "stdio", also=("", "sse")),
            ),
            "maxBinarySize": _LARGEST,
            "ttlMs": Key("How long clients may keep an answer, in milliseconds.", whole(), line="ikanos"),
            "cacheScope": Key(
                "Who may keep an answer: everyone's cache, or the client's own.",
                choice("public", "private"),
                line="ikanos",
            ),
            "tools": Key("What agents can call.", members="tool"),
            "resources": Key("What agents can read.", members="mcp resource"),
            "prompts": Key("Texts that users can start from.", members="prompt"),
        },
    ),
    "tool": Shape(
        "a tool",
        {
            **named(),
            **_UNIT,
            "hints": Key("What a call does to the world, for clients.", part="hints"),
            "x-content": Key("What its result shows: texts, and resources.", members="content", form=LIST),
            "x-asks": _ASKS,
            "x-meta": Key("Its `_meta`, given to clients as it stands.", OPEN),
            "x-maxResult": Key("How long its results may be; longer ones are cut.", SIZE),
        },
        needs=((*RUNNABLE, "x-content"),),
        named_by=("name", "ref"),
    ),
    "hints": Shape(
        "`hints`",
        {
            "readOnly": Key("It changes nothing.", FLAG),
            "destructive": Key("It may delete or overwrite.", FLAG),
            "idempotent": Key("Calling twice is the same as calling once.", FLAG),
            "openWorld": Key("It reaches systems beyond this one.", FLAG),
        },
    ),
    "mcp resource": Shape(
        "an MCP resource",
        {
            **named(),
            **ROUTINE,
            "uri": Key("Its URI; `{name}` makes it a template.", TEXT),
            "mimeType": Key("The media type of its content.", TEXT),
            "binary": Key("Whether its content is bytes.", FLAG, line="ikanos"),
            "location": Key("The file or folder that it serves, as `file:///…`.", FILE),
        },
        needs=(("uri",), ("call", "steps", "location", "outputParameters")),
    ),
    "prompt": Shape(
        "a prompt",
        {
            **named("tags"),
            "arguments": Key("What the user gives.", members="argument"),
            "inputParameters": Key("What the user gives.", members="argument", instead="`arguments`"),
            "template": Key("The messages; `{{name}}` is an argument.", members="message", form=LIST),
            "messages": Key("The messages.", members="message", form=LIST, instead="`template`"),
            "location": Key("The file that holds the text, as `file:///…`.", FILE),
            "x-asks": _ASKS,
        },
        needs=(("template", "messages", "location"),),
        named_by=("name",),
    ),
    "argument": Shape(
        "an argument of a prompt",
        {
            **named("tags"),
            "required": Key("Whether the user must give it.", FLAG),
            "enum": Key("The values to choose from.", TEXTS),
        },
        named_by=("name",),
    ),
    "message": Shape(
        "a message of a prompt",
        {
            "role": Key("Who says it; the user without.", words("user", "assistant")),
            "content": Key("What is said; `{{name}}` is an argument.", {"type": ["string", "object"]}),
            "x-content": Key("What is shown: texts, and resources.", members="content", form=LIST),
        },
        needs=(("content", "x-content"),),
    ),
    "content": Shape(
        "a part of `x-content`",
        {
            "text": Key("A text; `{{name}}` is an input.", TEXT),
            "resource": Key("The URI of a resource of this adapter, whose content is shown.", TEXT),
        },
        needs=(("text", "resource"),),
    ),
    "ask": Shape(
        "an entry of `x-asks`",
        {
            "name": Key("Its name; the answer is `{{name}}`, and a field of it `{{name.field}}`.", TEXT),
            "user": Key("A question to the client's user.", TEXT),
            "model": Key("A prompt to the client's model.", TEXT),
            "roots": Key("Ask the client for the folders that it works in.", FLAG),
            "answer": Key("The JSON Schema of the user's answer.", OPEN),
            "maxTokens": Key("How long the model's answer may be; 1000 without.", whole(1)),
            "required": Key("Whether nothing is done without an answer; it is so without.", FLAG),
        },
        needs=(("user", "model", "roots"),),
        named_by=("name",),
    ),
    "skill adapter": Shape(
        "a skill adapter", {**ADAPTER, "skills": Key("What agents can learn.", members="skill")}
    ),
    "skill": Shape(
        "a skill",
        {
            "name": Key("Its name; in a named map, the key above.", TEXT, line="naftiko"),
            "description": Key("What it is for, and when to use it.", TEXT),
            "license": Key("The licence that it is under.", TEXT),
            "compatibility": Key("What it needs to work.", TEXT),
            "metadata": Key("Whatever else is to be known of it.", TEXTS_BY_NAME),
            "allowed-tools": Key("The tools that it may use, with spaces between.", TEXT),
            "argument-hint": Key("What a user may add when starting it.", TEXT),
            "user-invocable": Key("Whether users can start it; they can without.", FLAG),
            "disable-model-invocation": Key("Whether agents may not start it themselves.", FLAG),
            "location": Key("The folder that holds it, as `file:///…`; made of its tools without.", FILE),
            "tools": Key("The tools that it is about.", members="skill tool"),
        },
        named_by=("name",),
    ),
    "skill tool": Shape(
        "a tool of a skill",
        {
            "name": Key("Its name; in a named map, the key above.", TEXT, line="naftiko"),
            "description": Key("What it is for here; the tool's own without.", TEXT),
            "from": Key("The tool of another adapter.", part="skill source"),
            "instruction": Key("A file of the skill that says what to do.", TEXT),
        },
        needs=(("from", "instruction"),),
        named_by=("name",),
    ),
    "skill source": Shape(
        "`from`",
        {
            "sourceNamespace": Key("The adapter that has the tool.", TEXT),
            "action": Key("The tool's name there.", TEXT),
        },
        needs=(("sourceNamespace",), ("action",)),
    ),
}

CHOICES: Final = {
    "exposes": Choice(
        "an adapter",
        "What it serves: a `rest` API, an `mcp` server, `skill`s for agents, or `control` of this process.",
        {
            "rest": "rest adapter",
            "mcp": "mcp adapter",
            "skill": "skill adapter",
            "control": "control adapter",
        },
    ),
}
