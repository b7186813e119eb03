"""The control adapter: management and observability."""

from __future__ import annotations

from naftiko_run.document.strict.consumes import AUTHENTICATION
from naftiko_run.document.strict.rules import FLAG, Rule, choice, list_of, or_else, record, whole
from naftiko_run.document.strict.texts import ADDRESS, FILE, LANGUAGE, PORT, TEXT


def control() -> Rule:
    """The adapter through which a running capability is watched and managed."""
    return record(
        "a control adapter",
        {"port": PORT},
        {
            "address": ADDRESS,
            "authentication": AUTHENTICATION,
            "management": _management(),
            "observability": _observability(),
        },
    )


def _management() -> Rule:
    logs = record("`logs`", {}, {"level-control": FLAG, "stream": FLAG, "max-subscribers": whole(1, 20)})
    scripting = record(
        "`scripting`",
        {},
        {
            "enabled": FLAG,
            "defaultLocation": FILE,
            "defaultLanguage": LANGUAGE,
            "timeout": whole(1),
            "statementLimit": whole(1),
            "allowedLanguages": list_of(LANGUAGE),
        },
    )
    return record(
        "`management`",
        {},
        {
            **dict.fromkeys(("health", "info", "reload", "validate"), FLAG),
            "logs": or_else(logs, "boolean"),
            "scripting": scripting,
        },
    )


def _observability() -> Rule:
    metrics = record("`metrics`", {}, {"local": record("`local`", {}, {"enabled": FLAG})})
    traces = record(
        "`traces`",
        {},
        {
            "sampling": {"type": "number", "minimum": 0, "maximum": 1},
            "propagation": choice("w3c", "b3"),
            "local": record("`local`", {}, {"enabled": FLAG, "buffer-size": whole(10, 10_000)}),
        },
    )
    exporters = record("`exporters`", {}, {"otlp": record("`otlp`", {"endpoint": TEXT})})
    return record(
        "`observability`",
        {},
        {"enabled": FLAG, "metrics": metrics, "traces": traces, "exporters": exporters},
    )
