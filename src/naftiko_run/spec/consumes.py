"""``consumes``: the HTTP APIs that are called."""

from __future__ import annotations

from typing import Final, Literal

from naftiko_run import plugins
from naftiko_run.spec.common import (
    ANYTHING,
    BASE_URI,
    IDENTIFIER,
    MAX_RESPONSE,
    METHOD,
    SIZE,
    TEXT,
    TIMEOUT,
    description_field,
    inputs_field,
    label_field,
    name_field,
    tags_field,
)
from naftiko_run.spec.document import IMPORTED_FILE
from naftiko_run.spec.schema_types import (
    Anything,
    Enum,
    Field,
    Form,
    ListOf,
    MapOf,
    Named,
    Object,
    Official,
    SpecChoice,
    SpecObject,
)

BodyType = Literal[
    "json", "raw", "text", "xml", "yaml", "sparql", "formUrlEncoded", "multipartForm", "binary"
]

RAW_FORMAT: Final = Enum(
    ("json", "xml", "avro", "protobuf", "csv", "tsv", "psv", "yaml", "html", "markdown"),
    ikanos=("binary",),
    aliases={
        "text": "text",
        "application/json": "json",
        "text/json": "json",
        "application/xml": "xml",
        "text/xml": "xml",
        "application/yaml": "yaml",
        "application/x-yaml": "yaml",
        "text/yaml": "yaml",
        "text/x-yaml": "yaml",
        "yml": "yaml",
        "text/csv": "csv",
        "text/tab-separated-values": "tsv",
        "text/html": "html",
        "application/xhtml+xml": "html",
        "text/markdown": "markdown",
        "md": "markdown",
        "application/avro": "avro",
        "avro/binary": "avro",
        "application/vnd.apache.avro": "avro",
        "application/protobuf": "protobuf",
        "application/x-protobuf": "protobuf",
        "application/vnd.google.protobuf": "protobuf",
        "proto": "protobuf",
        "text/plain": "text",
        "plain": "text",
        "bytes": "binary",
        "application/octet-stream": "binary",
        "application/pdf": "binary",
        "application/zip": "binary",
    },
    group=plugins.FORMATS,
)

CONSUMES: Final = SpecObject(
    "consumes",
    "a consumed API",
    (
        Field("type", Enum(("http",), is_exact=True), "The protocol of the API.", required=True),
        Field(
            "namespace",
            IDENTIFIER,
            "The name that calls begin with, before the dot.",
            required=True,
            aliases=("name",),
            example="weather",
        ),
        Field(
            "baseUri",
            BASE_URI,
            "The URL that every path is appended to.",
            required=True,
            aliases=("baseUrl", "base_uri"),
            example="https://api.example.com/v1",
        ),
        description_field(),
        Field(
            "authentication",
            Object("authentication"),
            "How requests to the API are authenticated.",
            aliases=("auth",),
        ),
        inputs_field("consumed", "Parameters of every request."),
        Field("tunnel", Object("tunnel"), "A network overlay to reach the API through.", line="ikanos"),
        MAX_RESPONSE,
        TIMEOUT,
        Field(
            "resources",
            Named("consumed resource", IDENTIFIER, min_items=1, min_entries=1),
            "The paths of the API.",
        ),
    ),
    schemas=("ConsumesHttp",),
    needs=(("baseUri",),),
    named_by=("namespace", "import", *IMPORTED_FILE.spellings),
)

TUNNEL: Final = SpecObject(
    "tunnel",
    "a `ziti` tunnel",
    (
        Field("type", Enum(("ziti",), is_exact=True), "The kind of overlay.", line="ikanos", required=True),
        Field("service", TEXT, "The service of the overlay.", line="ikanos", required=True),
        Field(
            "identity",
            TEXT,
            "The identity of the client: a file or its content. Use a template such as `{{TOKEN}}` with a bind.",
            line="ikanos",
            required=True,
        ),
        Field(
            "fallback",
            Enum(("fail", "direct"), is_exact=True),
            "What happens without the overlay: the call fails, or connects directly.",
            line="ikanos",
            default="`fail`",
        ),
    ),
    schemas=("TunnelZiti",),
)

CONSUMED_RESOURCE: Final = SpecObject(
    "consumed resource",
    "a consumed resource",
    (
        name_field(),
        Field(
            "path",
            TEXT,
            "Its path below `baseUri`; `{name}` is a path variable.",
            required=True,
            example="/cities/{city}/forecast",
        ),
        label_field(),
        description_field(),
        tags_field(),
        inputs_field("consumed", "Parameters that its operations share."),
        MAX_RESPONSE,
        TIMEOUT,
        Field(
            "operations",
            Named("consumed operation", IDENTIFIER, min_items=1, min_entries=1),
            "Its operations.",
            required=True,
        ),
    ),
    schemas=("ConsumedHttpResource",),
    needs=(("operations",),),
)

CONSUMED_OPERATION: Final = SpecObject(
    "consumed operation",
    "a consumed operation",
    (
        name_field(
            description="The name that calls end with, after the dot; in a named map, the key is the name.",
            aliases=("id",),
        ),
        Field("method", METHOD, "The HTTP method.", required=True),
        label_field(),
        description_field(aliases=("summary",)),
        tags_field(),
        Field(
            "path",
            TEXT,
            "A path of its own, which continues or replaces that of its resource.",
            is_standard=False,
        ),
        inputs_field("consumed", "Parameters of the request."),
        Field(
            "body",
            Object("request body", also=("string",)),
            "The request body; text in it is a template.",
            default="made of the `in: body` parameters",
        ),
        Field("outputRawFormat", RAW_FORMAT, "The format of the response.", default="`json`"),
        Field(
            "outputSchema",
            TEXT,
            "The schema file of avro and protobuf; the part to read of html and markdown.",
        ),
        Field("outputMediaType", TEXT, "The media type of a binary response.", line="ikanos"),
        Field("maxBinarySize", SIZE, "Maximum size of a binary response.", line="ikanos"),
        MAX_RESPONSE,
        TIMEOUT,
        Field(
            "outputParameters",
            Named("consumed output", None, has_scalars=True),
            "Named parts of the response.",
        ),
    ),
    schemas=("ConsumedHttpOperation",),
    needs=(("method",),),
    named_by=("name",),
)

_BODY_TYPE_DESCRIPTION: Final = "How it is encoded, which sets the Content-Type."

BODY_OBJECT: Final = SpecObject(
    "body",
    "a body",
    (
        Field(
            "data",
            ANYTHING,
            "The content. `{{tools.x}}` alone keeps the type of x.",
            official=(
                Official(forms=("json",), required=True, type=Anything(("string", "object", "array"))),
                Official(forms=("text",), required=True, type=TEXT),
                Official(forms=("form",), required=True, type=MapOf(TEXT, also=("string",))),
            ),
        ),
    ),
    forms={
        "json": Form("a `json` body", ("RequestBodyJson",)),
        "text": Form("a text body", ("RequestBodyText",)),
        "form": Form("a form body", ("RequestBodyFormUrlEncoded",)),
    },
)

MULTIPART_BODY: Final = SpecObject(
    "multipart body",
    "a multipart body",
    (
        Field(
            "data",
            ListOf(Object("body part"), accepts=("string",), has_scalars=True),
            "The parts of the form.",
            required=True,
        ),
    ),
    schemas=("RequestBodyMultipartForm",),
)

BODY_PART: Final = SpecObject(
    "body part",
    "a form part",
    (
        Field("name", TEXT, "The name of the field.", required=True),
        Field(
            "value",
            ANYTHING,
            "The value of the field, or the content of the file.",
            official=(Official(required=True, type=TEXT),),
        ),
        Field("filename", TEXT, "The name of the file; makes the part a file."),
        Field("contentType", TEXT, "The media type of the part."),
    ),
    schemas=("RequestBodyMultipartFormPart",),
    named_by=("name",),
)

BODY: Final = SpecChoice(
    "request body",
    "a body",
    _BODY_TYPE_DESCRIPTION,
    {
        "json": "body/json",
        **dict.fromkeys(("text", "xml", "sparql"), "body/text"),
        "formUrlEncoded": "body/form",
        "multipartForm": "multipart body",
    },
    extensions={"yaml": "body", "binary": "body"},
    aliases={
        "application/json": "json",
        "text/plain": "text",
        "application/xml": "xml",
        "text/xml": "xml",
        "application/yaml": "yaml",
        "application/sparql-query": "sparql",
        "form": "formUrlEncoded",
        "formurlencoded": "formUrlEncoded",
        "urlencoded": "formUrlEncoded",
        "application/x-www-form-urlencoded": "formUrlEncoded",
        "multipart": "multipartForm",
        "multipartform": "multipartForm",
        "multipart/form-data": "multipartForm",
        "octet-stream": "binary",
        "application/octet-stream": "binary",
        "application/cbor": "binary",
    },
    identified_by=("type", "data"),
    default_type="json",
)

OBJECTS: Final = (
    CONSUMES,
    TUNNEL,
    CONSUMED_RESOURCE,
    CONSUMED_OPERATION,
    BODY_OBJECT,
    MULTIPART_BODY,
    BODY_PART,
)
CHOICES: Final = (BODY,)
