"""The control adapter: management and observability."""

from __future__ import annotations

from typing import Final

from naftiko_run.document.vocabulary.exposes import ADAPTER
from naftiko_run.document.vocabulary.functions import LANGUAGE
from naftiko_run.document.vocabulary.words import FILE, FLAG, TEXT, Key, Shape, choice, whole

SHAPES: Final = {
    "control adapter": Shape(
        "a control adapter",
        {
            **ADAPTER,
            "management": Key("What can be asked and done.", part="management"),
            "observability": Key("What is measured and traced.", part="observability"),
        },
    ),
    "management": Shape(
        "`management`",
        {
            "health": Key("Say whether it lives and is ready; on without.", FLAG),
            "info": Key("Say what is served and how; off without.", FLAG),
            "reload": Key("Take a request to read the document again; off without.", FLAG),
            "validate": Key("Take a document to check; off without.", FLAG),
            "logs": Key("Show logs and change their level.", part="logs", takes=("boolean",)),
            "scripting": Key("What script steps may do.", part="scripting"),
        },
    ),
    "logs": Shape(
        "`logs`",
        {
            "level-control": Key("Whether the level can be changed; it can without.", FLAG),
            "stream": Key("Whether logs can be followed; off without.", FLAG),
            "max-subscribers": Key("How many can follow at once; 5 without.", whole(1, 20)),
        },
    ),
    "scripting": Shape(
        "`scripting`",
        {
            "enabled": Key("Whether script steps run at all; they do without.", FLAG),
            "defaultLocation": Key("The folder of scripts whose step names none, as `file:///…`.", FILE),
            "defaultLanguage": Key("The language of scripts whose step names none.", LANGUAGE),
            "timeout": Key("The longest that a script may run, in milliseconds; 60000 without.", whole(1)),
            "statementLimit": Key("The most statements that a script may run; 100000 without.", whole(1)),
            "allowedLanguages": Key(
                "The languages that scripts may be in; all without.",
                {"type": ["array", "null"], "items": LANGUAGE},
            ),
        },
    ),
    "observability": Shape(
        "`observability`",
        {
            "enabled": Key("Whether anything is measured and traced; it is without.", FLAG),
            "metrics": Key("Counts and times.", part="metrics"),
            "traces": Key("What each request did.", part="traces"),
            "exporters": Key("Where they are sent.", part="exporters"),
        },
    ),
    "metrics": Shape("`metrics`", {"local": Key("Metrics on the control port.", part="local metrics")}),
    "traces": Shape(
        "`traces`",
        {
            "sampling": Key(
                "The share of requests that is traced; 1 without.",
                {"type": ["number", "null"], "minimum": 0, "maximum": 1},
            ),
            "propagation": Key("The headers that carry a trace on.", choice("w3c", "b3")),
            "local": Key("Traces on the control port.", part="local traces"),
        },
    ),
    "local metrics": Shape("`local`", {"enabled": Key("Whether they are shown; they are without.", FLAG)}),
    "local traces": Shape(
        "`local`",
        {
            "enabled": Key("Whether they are shown; they are without.", FLAG),
            "buffer-size": Key("How many are kept; 100 without.", whole(10, 10_000)),
        },
    ),
    "exporters": Shape("`exporters`", {"otlp": Key("An OpenTelemetry collector.", part="otlp")}),
    "otlp": Shape("`otlp`", {"endpoint": Key("The collector's address.", TEXT)}, needs=(("endpoint",),)),
}
