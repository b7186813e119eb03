"""The Ikanos line: named things are maps keyed by their names, and every part can be imported."""

from __future__ import annotations

from typing import Final

from naftiko_run.document.strict.consumes import FORMATS, consumed_http
from naftiko_run.document.strict.document import binding, document, or_import
from naftiko_run.document.strict.exposes import adapters
from naftiko_run.document.strict.functions import aggregate_function
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
    when,
    whole,
)
from naftiko_run.document.strict.texts import IDENTIFIER, MEDIA_TYPE, SIZE, STATUS, TEXT

_TAGS = {"tags": list_of(TEXT)}
_TUNNEL = record(
    "a `ziti` tunnel", {"service": TEXT, "identity": TEXT}, {"fallback": choice("fail", "direct")}
)
_CONTENT = record("a response's content", {}, {"binary": FLAG, "schema": {"type": "object"}})
_RESPONSE = record(
    "a response",
    {},
    {"description": TEXT, "content": map_of(_CONTENT, keys=MEDIA_TYPE, at_least=1)},
)
_BINARY = record(
    "`responseBinary`", {"mediaType": MEDIA_TYPE}, {"status": whole(100, 599), "description": TEXT}
)

IKANOS: Final = Line(
    key="ikanos",
    version="1.0.0-beta5",
    label="display",
    target="target",
    keyed=True,
    outputs=ANYTHING,
    additions={
        "`info`": {"version": TEXT},
        "a flow": {**_TAGS, "outputMediaType": TEXT},
        "a consumed API": {"tunnel": by_type("a tunnel", {"ziti": _TUNNEL})},
        "a consumed resource": _TAGS,
        "a consumed operation": {
            **_TAGS,
            "outputRawFormat": choice(*FORMATS, "binary"),
            "outputMediaType": TEXT,
            "maxBinarySize": SIZE,
        },
        "a REST adapter": {"maxBinarySize": SIZE},
        "a resource": _TAGS,
        "an operation": {**_TAGS, "responses": map_of(_RESPONSE, keys=STATUS), "responseBinary": _BINARY},
        "an MCP adapter": {
            "maxBinarySize": SIZE,
            "ttlMs": whole(),
            "cacheScope": choice("public", "private"),
        },
        "a tool": _TAGS,
        "an MCP resource": {"binary": FLAG, "outputParameters": {"type": ["array", "object"]}},
    },
)


def ikanos() -> Rule:
    """The rule for documents of the Ikanos line."""
    flows = IKANOS.named(aggregate_function(IKANOS, "a flow"), at_least=1)
    parts = {
        "binds": binding(),
        "consumes": consumed_http(IKANOS),
        "exposes": adapters(IKANOS),
        "aggregates": record("an aggregate", {"display": TEXT, "flows": flows}, {"namespace": IDENTIFIER}),
    }
    importable = {part: or_import(entry, source="from") for part, entry in parts.items()}
    together = when(
        has("capability"),
        ANYTHING,
        one_of(
            "a document needs `capability` or, for others to import, just one of "
            + ", ".join(f"`{part}`" for part in parts),
            *(has(part) for part in parts),
        ),
    )
    return document(IKANOS, importable, list(parts), together)
