"""``consumes``: the APIs that are called."""

from __future__ import annotations

from typing import Final, get_args

from naftiko_run import plugins
from naftiko_run.document.imports.syntax import FILES
from naftiko_run.document.model import Method
from naftiko_run.document.normalize.bodies import BODY_TYPES
from naftiko_run.document.vocabulary.words import (
    ANYTHING,
    LIST,
    SECONDS,
    SIZE,
    TEXT,
    Key,
    Rule,
    Shape,
    choice,
    named,
    secret,
    words,
)

FORMATS: Final = (
    *("json", "xml", "yaml", "csv", "tsv", "psv"),
    *("avro", "protobuf", "html", "markdown", "binary"),
)
METHOD: Final[Rule] = words(*get_args(Method))
_BODY_TYPE: Final[Rule] = words(
    *("json", "text", "xml", "yaml", "sparql", "formUrlEncoded", "multipartForm", "binary"),
    also=[*BODY_TYPES],
)

TIMEOUT: Final = Key("How many seconds a call may take; of a stream, each pause in it. 30 without.", SECONDS)
MAX_RESPONSE: Final = Key(
    "How much of a response is kept in memory, before and after it is decompressed; 64MiB without.", SIZE
)

SHAPES: Final = {
    "consumes": Shape(
        "a consumed API",
        {
            "type": Key("The protocol of the API.", choice("http")),
            "namespace": Key("What calls name it by, before the dot.", TEXT),
            "name": Key("What calls name it by.", TEXT, instead="`namespace`"),
            "description": Key("What the API is, for people and agents.", TEXT),
            "baseUri": Key(
                "The address that every path continues, such as `https://api.example.com/v1`.", TEXT
            ),
            "baseUrl": Key("The address that every path continues.", TEXT, instead="`baseUri`"),
            "base_uri": Key("The address that every path continues.", TEXT, instead="`baseUri`"),
            "authentication": Key("How to authenticate to the API.", part="authentication"),
            "auth": Key("How to authenticate to the API.", part="authentication", instead="`authentication`"),
            "inputParameters": Key("Parameters that every request takes.", members="input", has_scalars=True),
            "tunnel": Key("A network overlay that the API is reached through.", part="tunnel", line="ikanos"),
            "x-maxResponse": MAX_RESPONSE,
            "x-timeout": TIMEOUT,
            "resources": Key("The API's paths.", members="consumed resource"),
        },
        needs=(("baseUri", "baseUrl", "base_uri"),),
        named_by=("namespace", "name", "import", *FILES),
    ),
    "tunnel": Shape(
        "a tunnel",
        {
            "type": Key("The kind of overlay.", choice("ziti")),
            "service": Key("The service of the overlay to reach.", TEXT),
            "identity": secret("Who connects: the identity file or its content"),
            "fallback": Key("Without the overlay: `fail`, or connect `direct`.", choice("fail", "direct")),
        },
    ),
    "consumed resource": Shape(
        "a consumed resource",
        {
            **named(),
            "path": Key("Its path below `baseUri`; `{name}` is a path variable.", TEXT),
            "inputParameters": Key(
                "Parameters that its operations share.", members="input", has_scalars=True
            ),
            "x-maxResponse": MAX_RESPONSE,
            "x-timeout": TIMEOUT,
            "operations": Key("What can be done on it.", members="consumed operation"),
        },
        needs=(("operations",),),
    ),
    "consumed operation": Shape(
        "a consumed operation",
        {
            **named(name="What calls name it by, after the dot; in a named map, the key above."),
            "id": Key("What calls name it by.", TEXT, instead="`name`"),
            "summary": Key("What it does.", TEXT, instead="`description`"),
            "method": Key("The HTTP method.", METHOD),
            "path": Key("A path of its own: it continues its resource's, or replaces it.", TEXT),
            "inputParameters": Key("What the request takes.", members="input", has_scalars=True),
            "body": Key(
                "The request's body; text inside is a template. Without, the `in: body` parameters make it.",
                part="body",
                takes=("string",),
            ),
            "outputRawFormat": Key(
                "The format of the response; `json` without.",
                words(*FORMATS, also=["text"]),
                group=plugins.FORMATS,
            ),
            "outputSchema": Key(
                "Of avro and protobuf: the schema file. Of html and markdown: which part to read.", TEXT
            ),
            "outputMediaType": Key("The media type of a binary response.", TEXT, line="ikanos"),
            "maxBinarySize": Key("The largest binary response taken.", SIZE, line="ikanos"),
            "x-maxResponse": MAX_RESPONSE,
            "x-timeout": TIMEOUT,
            "outputParameters": Key(
                "Named pieces of the response.", members="consumed output", has_scalars=True
            ),
        },
        needs=(("method",),),
        named_by=("name", "id"),
    ),
    "body": Shape(
        "a body",
        {
            "type": Key("How it is encoded; says the Content-Type too.", _BODY_TYPE),
            "data": Key("What is sent. `{{tools.x}}` alone keeps the type of x.", ANYTHING),
        },
    ),
    "multipart body": Shape(
        "a body",
        {
            "type": Key("How it is encoded; says the Content-Type too.", _BODY_TYPE),
            "data": Key(
                "The parts of the form.", members="body part", form=LIST, has_scalars=True, takes=("string",)
            ),
        },
    ),
    "body part": Shape(
        "a part of a multipart body",
        {
            "name": Key("The field's name.", TEXT),
            "value": Key("The field's value or the file's content.", ANYTHING),
            "filename": Key("The file's name; makes the part a file.", TEXT),
            "contentType": Key("The part's media type.", TEXT),
        },
        named_by=("name",),
    ),
}
