"""``consumes``: the APIs that are called, and how to authenticate to them."""

from __future__ import annotations

from typing import Final, get_args

from naftiko_run import plugins
from naftiko_run.document.dialects.bodies import BODY_TYPES
from naftiko_run.document.model import Method
from naftiko_run.document.vocabulary.words import (
    ANYTHING,
    LIST,
    MAP,
    SIZE,
    TEXT,
    TEXTS,
    Choice,
    Key,
    Rule,
    Shape,
    choice,
    named,
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
_TEMPLATE: Final = "Best a template such as `{{TOKEN}}` with a bind."
_PLACEMENT: Final[Rule] = words("header", "query", also=("cookie", "body", "path"))

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
            "resources": Key("The API's paths.", members="consumed resource"),
        },
        needs=(("baseUri", "baseUrl", "base_uri"),),
        named_by=("namespace", "name", "import", "as"),
    ),
    "tunnel": Shape(
        "a tunnel",
        {
            "type": Key("The kind of overlay.", choice("ziti")),
            "service": Key("The service of the overlay to reach.", TEXT),
            "identity": Key("Who connects: the identity file or its content. " + _TEMPLATE, TEXT),
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
    "no authentication": Shape("no authentication", {}, is_open=True),
    "basic authentication": Shape(
        "a basic authentication",
        {
            "username": Key("The user's name. " + _TEMPLATE, TEXT),
            "password": Key("The password. " + _TEMPLATE, TEXT),
        },
    ),
    "digest authentication": Shape(
        "a digest authentication",
        {
            "username": Key("The user's name. " + _TEMPLATE, TEXT),
            "password": Key("The password. " + _TEMPLATE, TEXT),
        },
    ),
    "bearer authentication": Shape(
        "a bearer authentication",
        {
            "token": Key("The token. " + _TEMPLATE, TEXT),
            "value": Key("The token.", TEXT, instead="`token`", is_mended=True),
        },
    ),
    "apikey authentication": Shape(
        "an apikey authentication",
        {
            "key": Key("The name of the header or query parameter, such as `X-Api-Key`.", TEXT),
            "value": Key("The key itself. " + _TEMPLATE, TEXT),
            "placement": Key("Where it is sent; a header without.", _PLACEMENT),
            "in": Key("Where it is sent.", _PLACEMENT, instead="`placement`"),
            "name": Key("The name of the header or query parameter.", TEXT, instead="`key`"),
            "header": Key("The name of the header.", TEXT, instead="`key`", is_mended=True),
            "token": Key("The key itself.", TEXT, instead="`value`", is_mended=True),
            "headers": Key(
                "Several headers: name to value.", members="apikey part", form=MAP, has_scalars=True
            ),
            "parameters": Key("Several query parameters.", members="apikey part", form=LIST),
        },
    ),
    "apikey part": Shape(
        "a key of an apikey authentication",
        {
            "key": Key("The name of the header or query parameter.", TEXT),
            "name": Key("The name of the header or query parameter.", TEXT),
            "value": Key("The key itself. " + _TEMPLATE, TEXT),
            "token": Key("The key itself.", TEXT, instead="`value`"),
            "placement": Key("Where it is sent.", _PLACEMENT),
            "in": Key("Where it is sent.", _PLACEMENT, instead="`placement`"),
        },
    ),
    "oauth2 authentication": Shape(
        "an oauth2 authentication",
        {
            "authorizationServerUri": Key("The issuer; its metadata says the rest.", TEXT),
            "tokenEndpoint": Key("Where tokens are got; from the issuer's metadata without.", TEXT),
            "resource": Key("The address of the API that tokens are for.", TEXT),
            "scopes": Key("The scopes to ask for, or to require.", TEXTS),
            "audience": Key("The audience that tokens must name.", TEXT),
            "tokenValidation": Key(
                "How an adapter checks a token: by the issuer's keys, or by asking it.",
                choice("jwks", "introspection"),
            ),
        },
    ),
}
"""Of the authentication schemes, those of the specification; ``type`` stands beside the keys of each."""

EXTENSIONS: Final = {
    "oauth1 authentication": Shape(
        "an oauth1 authentication",
        {
            "consumerKey": Key("Who calls. " + _TEMPLATE, TEXT),
            "signingKey": Key("The key that signs. " + _TEMPLATE, TEXT),
        },
        is_open=True,
    ),
    "aws-sig-v4 authentication": Shape(
        "an aws-sig-v4 authentication",
        {
            "accessKeyId": Key("The access key's id. " + _TEMPLATE, TEXT),
            "secretKey": Key("The secret access key. " + _TEMPLATE, TEXT),
            "region": Key("The AWS region, such as `eu-west-1`.", TEXT),
            "service": Key("The AWS service, such as `s3`.", TEXT),
        },
        is_open=True,
    ),
    "hmac authentication": Shape(
        "an hmac authentication",
        {
            "apiId": Key("Who calls. " + _TEMPLATE, TEXT),
            "apiKey": Key("The key that signs. " + _TEMPLATE, TEXT),
        },
        is_open=True,
    ),
    "certificate authentication": Shape(
        "a certificate authentication",
        {
            "certPath": Key("The client certificate's file.", TEXT),
            "certPassword": Key("The password of its key. " + _TEMPLATE, TEXT),
        },
        is_open=True,
    ),
}
"""Authentication schemes that published documents use besides; a plugin may read more of each."""

CHOICES: Final = {
    "authentication": Choice(
        "an authentication",
        "The scheme.",
        {
            "none": "no authentication",
            **{
                kind.removesuffix(" authentication"): kind
                for kind in (*SHAPES, *EXTENSIONS)
                if kind.endswith(" authentication") and kind != "no authentication"
            },
        },
        loose={
            "apiKey": "apikey",
            "api-key": "apikey",
            "api_key": "apikey",
            "header": "apikey",
            "query": "apikey",
            "http-basic": "basic",
            "http-bearer": "bearer",
            "token": "bearer",
        },
    ),
}
