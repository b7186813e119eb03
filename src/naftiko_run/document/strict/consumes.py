"""``consumes``: the APIs that a capability calls, and how it authenticates to them."""

from __future__ import annotations

from typing import Final

from naftiko_run.document.strict.line import Line
from naftiko_run.document.strict.rules import (
    ANYTHING,
    Rule,
    by_type,
    choice,
    list_of,
    map_of,
    or_else,
    record,
)
from naftiko_run.document.strict.texts import (
    BASE_URI,
    EXTENDED_IDENTIFIER,
    IDENTIFIER,
    METHOD,
    OUTPUT_TYPE,
    TEXT,
)

FORMATS: Final = ("json", "xml", "avro", "protobuf", "csv", "tsv", "psv", "yaml", "html", "markdown")

_CREDENTIALS = record("user and password", {}, {"username": TEXT, "password": TEXT})

AUTHENTICATION: Final = by_type(
    "authentication",
    {
        "basic": {**_CREDENTIALS, "title": "`basic` authentication"},
        "digest": {**_CREDENTIALS, "title": "`digest` authentication"},
        "bearer": record("`bearer` authentication", {}, {"token": TEXT}),
        "apikey": record(
            "`apikey` authentication",
            {},
            {"key": TEXT, "value": TEXT, "placement": choice("header", "query")},
        ),
        "oauth2": record(
            "`oauth2` authentication",
            {"authorizationServerUri": TEXT, "resource": TEXT},
            {
                "scopes": list_of(TEXT),
                "audience": TEXT,
                "tokenEndpoint": TEXT,
                "tokenValidation": choice("jwks", "introspection"),
            },
        ),
    },
)


def consumed_http(line: Line) -> Rule:
    """An HTTP API that is called."""
    parameter = record(
        "a consumed input parameter",
        {
            **line.name(EXTENDED_IDENTIFIER),
            "in": choice("query", "header", "path", "cookie", "body", "environment"),
        },
        {"value": TEXT},
    )
    inputs = line.named(parameter, names=EXTENDED_IDENTIFIER)
    output = record(
        "a consumed output",
        {**line.name(EXTENDED_IDENTIFIER), "type": OUTPUT_TYPE, "value": TEXT},
    )
    operation = line.record(
        "a consumed operation",
        {**line.name(), "method": METHOD},
        {
            line.label: TEXT,
            "description": TEXT,
            "inputParameters": inputs,
            "outputRawFormat": choice(*FORMATS),
            "outputSchema": TEXT,
            "outputParameters": line.named(output, names=ANYTHING),
            "body": _body(),
        },
    )
    resource = line.record(
        "a consumed resource",
        {**line.name(), "path": TEXT, "operations": line.named(operation, at_least=1)},
        {line.label: TEXT, "description": TEXT, "inputParameters": inputs},
    )
    http = line.record(
        "a consumed API",
        {"namespace": IDENTIFIER, "baseUri": BASE_URI},
        {
            "description": TEXT,
            "inputParameters": inputs,
            "authentication": AUTHENTICATION,
            "resources": line.named(resource, at_least=1),
        },
    )
    return by_type("a consumed API", {"http": http})


def _body() -> Rule:
    part = record("a form part", {"name": TEXT, "value": TEXT}, {"filename": TEXT, "contentType": TEXT})
    plain = record("a text body", {"data": TEXT})
    kinds = {
        "json": record("a `json` body", {"data": {"type": ["string", "object", "array"]}}),
        **dict.fromkeys(("text", "xml", "sparql"), plain),
        "formUrlEncoded": record("a form body", {"data": or_else(map_of(TEXT), "string")}),
        "multipartForm": record("a multipart body", {"data": list_of(part)}),
    }
    return or_else(by_type("a body", kinds), "string")
